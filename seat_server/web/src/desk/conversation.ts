import {
  CallMesh,
  type DeskView,
  type Link,
  LocalMedia,
  type MediaState,
  type MediaStats,
  RemotePicture,
  SelfView,
  type Signalled,
} from '@xiaowu/wire'
import { wantsCamera, workOf } from './work'

/** What a screen shows of the media. */
export interface ConversationState {
  media: MediaState
  /** Pictures of the resident arrive. */
  picture: boolean
  /** There has been a picture in this call, so there is a last one to keep. */
  pictured: boolean
  stats: MediaStats | null
  /** What is received from the colleague in the call. */
  colleague: MediaState
  localStream: MediaStream | null
  camera: 'ok' | 'missing' | 'unknown'
  microphone: 'ok' | 'missing' | 'unknown'
  muted: boolean
  cameraOn: boolean
}

export function emptyConversation(): ConversationState {
  return {
    media: 'closed',
    picture: false,
    pictured: false,
    stats: null,
    colleague: 'closed',
    localStream: null,
    camera: 'unknown',
    microphone: 'unknown',
    muted: false,
    cameraOn: true,
  }
}

/** The agent's camera and microphone, and the media of whichever call the view speaks of. */
export class Conversation {
  readonly selfView = new SelfView('self-video')
  private readonly local: LocalMedia
  private call: CallMesh | null = null
  private readonly remotes = new Map<string, MediaStream>()
  private picture: RemotePicture | null = null
  private callId: string | null = null
  private colleaguePicture: RemotePicture | null = null
  private colleagueId: string | null = null

  constructor(
    private readonly link: Pick<Link, 'send' | 'status'>,
    private readonly state: ConversationState,
    signal: AbortSignal,
  ) {
    this.local = new LocalMedia({
      signal,
      onChange: () => {
        this.publishLocal()
        this.call?.localChanged()
      },
    })
    signal.addEventListener('abort', () => this.release(), { once: true })
  }

  /** Feed every view; null when no seat is taken. */
  follow(view: DeskView | null): void {
    if (wantsCamera(view)) void this.local.open().then(() => this.publishLocal())
    else this.closeCamera()
    const colleague = view?.consult?.link ?? null
    const callId = view?.link?.call_id ?? null
    if (callId !== this.callId) this.beginCall(callId)
    if ((colleague?.call_id ?? null) !== this.colleagueId) this.meet(colleague?.call_id ?? null)
    this.call ??= this.openCall()
    this.call.update([view?.link ?? null, colleague].filter((link) => link !== null))
  }

  /**
   * The seat was opened elsewhere: camera, microphone and call are there now. When the seat comes
   * back this page is like one that was loaded in the middle of the call.
   */
  release(): void {
    this.call?.close()
    this.call = null
    this.closeCamera()
    this.beginCall(null)
    this.meet(null)
  }

  /** The agent accepts: what the resident shall see and hear goes out before the server's answer. */
  anticipate(begins: boolean): void {
    if (this.callId !== null) this.call?.anticipate(this.callId, begins)
  }

  signalled(event: Signalled): void {
    this.call?.signalled(event)
  }

  /** The two video elements the resident is shown in, while they exist. */
  showIn(videos: readonly [HTMLVideoElement, HTMLVideoElement], signal: AbortSignal): void {
    const picture = new RemotePicture({
      videos,
      signal,
      onFirstFrame: () => (this.state.pictured = true),
    })
    this.picture = picture
    this.display(picture, this.callId)
    signal.addEventListener('abort', () => {
      if (this.picture === picture) this.picture = null
    })
  }

  /** The same for the colleague in the call. */
  showColleagueIn(
    videos: readonly [HTMLVideoElement, HTMLVideoElement],
    signal: AbortSignal,
  ): void {
    const picture = new RemotePicture({ videos, signal })
    this.colleaguePicture = picture
    this.display(picture, this.colleagueId)
    signal.addEventListener('abort', () => {
      if (this.colleaguePicture === picture) this.colleaguePicture = null
    })
  }

  toggleMuted(): void {
    this.state.muted = !this.state.muted
    this.call?.setMuted(this.state.muted)
  }

  toggleCamera(): void {
    this.state.cameraOn = !this.state.cameraOn
    this.call?.setCamera(this.state.cameraOn)
  }

  private openCall(): CallMesh {
    return new CallMesh({
      link: this.link,
      local: async () => {
        await this.local.open()
        return this.local.stream ?? new MediaStream()
      },
      onRemote: (callId, stream) => this.received(callId, stream),
      onState: (callId, media) => this.mediaChanged(callId, media),
      onPicture: (callId, live) => {
        if (callId === this.callId) this.state.picture = live
      },
      onStats: (callId, stats) => {
        if (callId === this.callId) this.state.stats = stats
      },
    })
  }

  /** Every call begins heard and seen: a mute left over from the last one would baffle a resident. */
  private beginCall(callId: string | null): void {
    if (this.callId !== null) this.remotes.delete(this.callId)
    this.callId = callId
    this.picture?.clear()
    Object.assign(this.state, {
      media: 'closed',
      picture: false,
      pictured: false,
      stats: null,
      muted: false,
      cameraOn: true,
    })
    this.call?.setMuted(false)
    this.call?.setCamera(true)
  }

  private meet(colleagueId: string | null): void {
    if (this.colleagueId !== null) this.remotes.delete(this.colleagueId)
    this.colleagueId = colleagueId
    this.colleaguePicture?.clear()
    this.state.colleague = 'closed'
  }

  private received(callId: string, stream: MediaStream): void {
    this.remotes.set(callId, stream)
    this.display(callId === this.callId ? this.picture : this.colleaguePicture, callId)
  }

  private display(picture: RemotePicture | null, callId: string | null): void {
    const stream = callId === null ? undefined : this.remotes.get(callId)
    if (stream && callId !== null) picture?.show(stream, callId)
  }

  private mediaChanged(callId: string, media: MediaState): void {
    if (callId === this.colleagueId) this.state.colleague = media
    if (callId !== this.callId) return
    this.state.media = media
    if (media !== 'flowing') this.state.picture = false
  }

  private closeCamera(): void {
    if (this.state.localStream === null && this.state.camera === 'unknown') return
    this.local.close()
    this.publishLocal()
  }

  private publishLocal(): void {
    this.state.localStream = this.local.stream
    this.selfView.show(this.local.stream)
    this.state.camera = this.local.camera
    this.state.microphone = this.local.microphone
  }
}

/** True while a stage must exist, hidden or not, so that the first frame finds its place. */
export function needsStage(view: DeskView): boolean {
  const work = workOf(view)
  return work === 'ringing' || work === 'call'
}
