/**
 * The one element that shows this side's own picture; screens hand it on from box to box.
 *
 * A preview that is taken down while another is put up makes Chromium's camera pause for up to a
 * second and a half, for everybody who uses it: in the very moment a call begins, the other side
 * would wait for its first picture.
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
