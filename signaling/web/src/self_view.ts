/**
 * The one element that shows this side's own picture; screens hand it on from box to box.
 *
 * With a preview taken down and another put up as a call began, Chromium's (fake) camera often gave
 * no frames for more than a second, to nobody: the other side waited for its first picture.
 */
export class SelfView {
  readonly element = document.createElement('video')

  constructor(testid: string) {
    const { element } = this
    element.autoplay = true
    element.muted = true
    element.playsInline = true
    element.disablePictureInPicture = true
    element.dataset.testid = testid
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
    if (this.element.parentElement === box) return
    box.prepend(this.element)
    this.play()
  }

  private play(): void {
    if (this.element.srcObject === null || !this.element.isConnected) return
    // It is muted, so nothing but its removal from the page can forbid it to play.
    this.element.play().catch(() => undefined)
  }
}
