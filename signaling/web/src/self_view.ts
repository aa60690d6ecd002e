/** The DOM's own `moveBefore`, which TypeScript does not know yet. */
interface Movable {
  moveBefore(node: Node, child: Node | null): void
}

/**
 * The one element that shows this side's own picture; screens hand it on from box to box.
 *
 * It must never leave the page while it plays: with the preview gone for a moment just as a call
 * began, Chromium's (fake) camera gave no frames for more than a second, to nobody, and the other
 * side waited for its first picture. `moveBefore` moves an element that goes on playing (Chromium
 * 133 and later; before that it is taken out and put in again).
 */
export class SelfView {
  readonly element = document.createElement('video')
  /** Where it waits between the screen that was and the screen that comes: in the page, unseen. */
  private readonly berth = document.createElement('div')

  constructor(testid: string) {
    const { element, berth } = this
    element.autoplay = true
    element.muted = true
    element.playsInline = true
    element.disablePictureInPicture = true
    element.dataset.testid = testid
    berth.ariaHidden = 'true'
    berth.style.cssText = 'position:fixed;width:1px;height:1px;overflow:hidden;opacity:0;pointer-events:none'
  }

  /** Shows `stream` from now on; null shows nothing and holds no camera. */
  show(stream: MediaStream | null): void {
    if (this.element.srcObject === stream) return
    this.element.srcObject = stream
    this.play()
  }

  /** Moves into `box`, out of wherever it was. */
  enter(box: HTMLElement, label: string): void {
    this.element.setAttribute('aria-label', label)
    this.moveInto(box)
  }

  /** `box` is about to go: wait for the next one. Does nothing once another box has the picture. */
  leave(box: HTMLElement): void {
    if (this.element.parentElement !== box) return
    if (!this.berth.isConnected) document.body.append(this.berth)
    this.moveInto(this.berth)
  }

  private moveInto(box: HTMLElement): void {
    const { element } = this
    if (element.parentElement === box) return
    if (element.isConnected && box.isConnected && canMove(box)) {
      box.moveBefore(element, box.firstChild)
    } else {
      box.prepend(element)
    }
    this.play()
  }

  private play(): void {
    if (this.element.srcObject === null || !this.element.isConnected) return
    // It is muted, so nothing but its removal from the page can forbid it to play.
    this.element.play().catch(() => undefined)
  }
}

function canMove(box: HTMLElement): box is HTMLElement & Movable {
  return 'moveBefore' in box
}
