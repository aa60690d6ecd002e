import { Backoff, pause } from './backoff'

export interface CameraWish {
  width: number
  height: number
  frameRate: number
}

export type DeviceHealth = 'ok' | 'missing' | 'unknown'

export const DEFAULT_CAMERA: CameraWish = { width: 1280, height: 720, frameRate: 30 }

/**
 * Opens camera and microphone with what there is: both, or either alone. Rejects when neither
 * opens. Echo cancellation is asked for in so many words: the booth has open speakers.
 */
export async function openCamera(wish: CameraWish = DEFAULT_CAMERA): Promise<MediaStream> {
  const video: MediaTrackConstraints = {
    width: { ideal: wish.width },
    height: { ideal: wish.height },
    frameRate: { ideal: wish.frameRate },
  }
  const audio: MediaTrackConstraints = {
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
  }
  const devices = navigator.mediaDevices
  try {
    return await devices.getUserMedia({ audio, video })
  } catch (both) {
    for (const one of [{ audio }, { video }]) {
      try {
        return await devices.getUserMedia(one)
      } catch {
        // Tried the next; what both together failed with is the better reason.
      }
    }
    throw both
  }
}

/**
 * A track of silence, sent in the place of a microphone that is missing: packets go on, so the
 * other side's watchdog can tell a quiet booth from a dead line.
 */
export function silentTrack(signal: AbortSignal): MediaStreamTrack | null {
  const context = new AudioContext()
  void context.resume()
  signal.addEventListener('abort', () => void context.close(), { once: true })
  return context.createMediaStreamDestination().stream.getAudioTracks()[0] ?? null
}

export interface LocalMediaOptions {
  wish?: CameraWish
  /** The stream or the health changed: show it, and tell CallMedia.localChanged(). */
  onChange(): void
  signal: AbortSignal
  /** Replaced in tests. */
  open?: (wish: CameraWish) => Promise<MediaStream>
  random?: () => number
}

/** Retry at most this slowly: somebody may be pushing the plug back in. */
const RETRY_CEILING_MS = 10_000

/**
 * This side's camera and microphone, kept open. A device that fails or is pulled out is opened
 * again with growing delays, and at once when the list of devices changes; meanwhile the call
 * goes on with what is left.
 */
export class LocalMedia {
  stream: MediaStream | null = null
  camera: DeviceHealth = 'unknown'
  microphone: DeviceHealth = 'unknown'
  private opening: Promise<MediaStream | null> | null = null
  private wanted: AbortController | null = null
  private nudge = new AbortController()
  private retrying: AbortSignal | null = null
  private readonly backoff: Backoff

  constructor(private readonly options: LocalMediaOptions) {
    this.backoff = new Backoff(1_000, RETRY_CEILING_MS, options.random)
    navigator.mediaDevices?.addEventListener('devicechange', () => this.devicesChanged(), {
      signal: options.signal,
    })
    options.signal.addEventListener('abort', () => this.close(), { once: true })
  }

  /**
   * Opens what there is and keeps it open until close(); null when there is nothing yet. Calling
   * it again does not hurry a retry that is under way.
   */
  open(): Promise<MediaStream | null> {
    if (this.options.signal.aborted) return Promise.resolve(null)
    if (this.wanted === null) {
      this.wanted = new AbortController()
      return this.tryNow(this.wanted.signal)
    }
    return this.opening ?? Promise.resolve(this.stream)
  }

  /** Lets go of camera and microphone; their lamps go out. */
  close(): void {
    this.wanted?.abort()
    this.wanted = null
    this.opening = null
    this.drop()
    this.camera = 'unknown'
    this.microphone = 'unknown'
  }

  private get complete(): boolean {
    return this.camera === 'ok' && this.microphone === 'ok'
  }

  private tryNow(signal: AbortSignal): Promise<MediaStream | null> {
    const opening = this.attempt(signal).finally(() => {
      if (this.opening === opening) this.opening = null
    })
    this.opening = opening
    return opening
  }

  private async attempt(signal: AbortSignal): Promise<MediaStream | null> {
    const open = this.options.open ?? openCamera
    try {
      const stream = await open(this.options.wish ?? DEFAULT_CAMERA)
      if (signal.aborted) {
        for (const track of stream.getTracks()) track.stop()
        return null
      }
      if (this.bringsNothingNew(stream)) {
        for (const track of stream.getTracks()) track.stop()
      } else {
        this.take(stream, signal)
      }
    } catch {
      if (signal.aborted) return null
      // No permission, no device, a device in use: for the booth it is all "missing", and asked
      // again. What still works from before stays.
      if (this.stream === null) this.nothing()
    }
    void this.retryUntilComplete(signal)
    return this.stream
  }

  private nothing(): void {
    if (this.camera === 'missing' && this.microphone === 'missing') return
    this.camera = 'missing'
    this.microphone = 'missing'
    this.options.onChange()
  }

  /** A working microphone is not swapped for itself because the camera is still missing. */
  private bringsNothingNew(stream: MediaStream): boolean {
    if (this.stream === null) return false
    const had = new Set(this.stream.getTracks().map((track) => track.kind))
    return stream.getTracks().every((track) => had.has(track.kind))
  }

  private take(stream: MediaStream, signal: AbortSignal): void {
    this.drop()
    this.stream = stream
    this.camera = stream.getVideoTracks().length > 0 ? 'ok' : 'missing'
    this.microphone = stream.getAudioTracks().length > 0 ? 'ok' : 'missing'
    if (this.complete) this.backoff.reset()
    for (const track of stream.getTracks()) {
      track.addEventListener('ended', () => this.lost(track, stream, signal), { signal })
    }
    this.options.onChange()
  }

  private lost(track: MediaStreamTrack, stream: MediaStream, signal: AbortSignal): void {
    if (this.stream !== stream) return
    if (track.kind === 'video') this.camera = 'missing'
    else this.microphone = 'missing'
    stream.removeTrack(track)
    this.options.onChange()
    void this.retryUntilComplete(signal)
  }

  /** One loop at a time looks after what is missing. */
  private async retryUntilComplete(signal: AbortSignal): Promise<void> {
    if (this.retrying === signal) return
    this.retrying = signal
    while (!signal.aborted && !this.complete) {
      await pause(this.backoff.nextMs() + 500, AbortSignal.any([this.nudge.signal, signal]))
      if (!signal.aborted && (await this.mayHelp())) await this.tryNow(signal)
    }
    if (this.retrying === signal) this.retrying = null
  }

  /** Opening again may bring back what is missing; a working half is otherwise left in peace. */
  private async mayHelp(): Promise<boolean> {
    const devices = await navigator.mediaDevices.enumerateDevices()
    const kinds = new Set(devices.map((device) => device.kind))
    return (
      (this.camera !== 'ok' && kinds.has('videoinput')) ||
      (this.microphone !== 'ok' && kinds.has('audioinput'))
    )
  }

  private devicesChanged(): void {
    if (this.wanted === null || this.complete) return
    this.backoff.reset()
    this.nudge.abort()
    this.nudge = new AbortController()
  }

  private drop(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop()
    this.stream = null
  }
}
