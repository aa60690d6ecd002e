import { mark } from './marks'
import { CLOSING } from './peer'

export interface RemotePictureOptions {
  /** Two <video> elements stacked in one box; which one is on top is said by `data-shown`. */
  videos: readonly [HTMLVideoElement, HTMLVideoElement]
  /** The first frame of a stream is on the screen. */
  onFirstFrame?(): void
  signal: AbortSignal
}

/**
 * Shows remote streams one after the other and never black between them: a new stream plays in
 * the hidden element until it has a frame, while the other keeps the last picture. When that one's
 * connection closes, its last frame stays as a still beneath both. Sound comes out of a media
 * element, so the browser's echo canceller hears it.
 */
export class RemotePicture {
  private readonly still = document.createElement('canvas')
  private scope = new AbortController()
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
    this.still.style.position = 'absolute'
    this.still.style.inset = '0'
    this.still.style.width = '100%'
    this.still.style.height = '100%'
    this.still.style.visibility = 'hidden'
    options.videos[0].before(this.still)
    options.signal.addEventListener('abort', () => this.close(), { once: true })
  }

  /** Plays `stream`; it comes to the front with its first frame. */
  show(stream: MediaStream, callId: string): void {
    const current = this.video(this.shown)
    if (current.srcObject === stream) return
    const next = current.srcObject === null ? this.shown : 1 - this.shown
    const turn = ++this.turn
    const video = this.video(next)
    this.scope.abort()
    this.scope = new AbortController()
    stream.addEventListener(CLOSING, () => this.freeze(video), { signal: this.scope.signal })
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
    this.scope.abort()
    this.still.style.visibility = 'hidden'
    for (const video of this.options.videos) {
      video.srcObject = null
      video.dataset.shown = 'false'
    }
  }

  private close(): void {
    this.clear()
    this.still.remove()
  }

  /** Keeps what `video` shows now as a still picture. */
  private freeze(video: HTMLVideoElement): void {
    if (video.dataset.shown !== 'true' || video.videoWidth === 0) return
    this.still.width = video.videoWidth
    this.still.height = video.videoHeight
    this.still.getContext('2d')?.drawImage(video, 0, 0)
    this.still.style.objectFit = getComputedStyle(video).objectFit
    this.still.style.visibility = 'visible'
    video.dataset.shown = 'false'
  }

  private bringToFront(index: number): void {
    const front = this.video(index)
    const back = this.video(1 - index)
    front.dataset.shown = 'true'
    back.dataset.shown = 'false'
    back.srcObject = null
    this.still.style.visibility = 'hidden'
    this.shown = index
  }

  private video(index: number): HTMLVideoElement {
    return this.options.videos[index === 0 ? 0 : 1]
  }
}
