import { mark } from './marks'

export interface RemotePictureOptions {
  /** Two <video> elements stacked in one box; which one is on top is said by `data-shown`. */
  videos: readonly [HTMLVideoElement, HTMLVideoElement]
  /** The first frame of a stream is on the screen. */
  onFirstFrame?(): void
  signal: AbortSignal
}

/**
 * Shows remote streams one after the other and never black between them: a new stream plays in
 * the hidden element until it has a frame, while the other keeps the last picture. Sound comes
 * out of a media element, so the browser's echo canceller hears it.
 */
export class RemotePicture {
  private shown = 0
  private turn = 0
  private level = 1

  constructor(private readonly options: RemotePictureOptions) {
    for (const video of options.videos) {
      video.autoplay = true
      video.playsInline = true
      video.disablePictureInPicture = true
      video.dataset.shown = 'false'
    }
    options.signal.addEventListener('abort', () => this.clear(), { once: true })
  }

  /** Plays `stream`; it comes to the front with its first frame. */
  show(stream: MediaStream, callId: string): void {
    const current = this.video(this.shown)
    if (current.srcObject === stream) return
    const next = current.srcObject === null ? this.shown : 1 - this.shown
    const turn = ++this.turn
    const video = this.video(next)
    current.muted = current !== video
    video.muted = false
    video.volume = this.level
    video.srcObject = stream
    // Autoplay may wait for the first touch; the page has had one, or runs in kiosk mode.
    video.play().catch(() => undefined)
    video.requestVideoFrameCallback(() => {
      if (turn !== this.turn) return
      mark(callId, 'first')
      this.bringToFront(next)
      this.options.onFirstFrame?.()
    })
  }

  /** 0 to 1. */
  setVolume(level: number): void {
    this.level = level
    for (const video of this.options.videos) video.volume = level
  }

  /** Forgets the picture: the call is over. */
  clear(): void {
    this.turn++
    for (const video of this.options.videos) {
      video.srcObject = null
      video.dataset.shown = 'false'
    }
  }

  private bringToFront(index: number): void {
    const front = this.video(index)
    const back = this.video(1 - index)
    front.dataset.shown = 'true'
    back.dataset.shown = 'false'
    back.srcObject = null
    this.shown = index
  }

  private video(index: number): HTMLVideoElement {
    return this.options.videos[index === 0 ? 0 : 1]
  }
}
