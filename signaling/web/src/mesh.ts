import { CallMedia, type CallMediaOptions, type MediaState, type MediaStats } from './call'
import type { MediaLink, Signalled } from './protocol.gen'

export interface MeshOptions extends Pick<CallMediaOptions, 'link' | 'local'> {
  onRemote(callId: string, stream: MediaStream): void
  onState(callId: string, state: MediaState): void
  onPicture?(callId: string, live: boolean): void
  onStats?(callId: string, stats: MediaStats): void
}

/** Signals may overtake the view that announces their pair; the newest of them are kept. */
const MAX_EARLY_SIGNALS = 64

/**
 * The media of all pairs of one page: mostly one, two while a colleague is in the call. Feed it the
 * links of every view and every `call.signalled`. A pair keeps its connection for as long as its name is among
 * the links, whatever part it plays in the view.
 */
export class CallMesh {
  private readonly calls = new Map<string, CallMedia>()
  private early: Signalled[] = []
  private fed = false
  private muted = false
  private cameraOn = true
  private closed = false

  constructor(private readonly options: MeshOptions) {}

  /** Takes the links of the newest view; those that are not there are over. */
  update(links: readonly MediaLink[]): void {
    if (this.closed) return
    const named = new Set(links.map((link) => link.call_id))
    for (const [callId, media] of this.calls) {
      if (named.has(callId)) continue
      this.calls.delete(callId)
      media.close()
    }
    if (links.length === 0) this.early = []
    for (const link of links) {
      const known = this.calls.get(link.call_id)
      if (known) known.update(link)
      else this.begin(link)
    }
    this.fed = true
  }

  /** Takes a `call.signalled` event. */
  signalled(event: Signalled): void {
    if (this.closed) return
    const media = this.calls.get(event.call_id)
    if (media) media.signalled(event)
    else if (this.early.push(event) > MAX_EARLY_SIGNALS) this.early.shift()
  }

  /** As `CallMedia.anticipate`, of one pair. */
  anticipate(callId: string, begins: boolean): void {
    this.calls.get(callId)?.anticipate(begins)
  }

  setMuted(muted: boolean): void {
    this.muted = muted
    for (const media of this.calls.values()) media.setMuted(muted)
  }

  setCamera(on: boolean): void {
    this.cameraOn = on
    for (const media of this.calls.values()) media.setCamera(on)
  }

  localChanged(): void {
    for (const media of this.calls.values()) media.localChanged()
  }

  /** Ends everything, for good. */
  close(): void {
    if (this.closed) return
    this.closed = true
    for (const media of this.calls.values()) media.close()
    this.calls.clear()
  }

  private begin(link: MediaLink): void {
    const { call_id: callId } = link
    const { options } = this
    const media = new CallMedia({
      link: options.link,
      local: options.local,
      onRemote: (stream) => options.onRemote(callId, stream),
      onState: (state) => options.onState(callId, state),
      onPicture: (live) => options.onPicture?.(callId, live),
      onStats: (stats) => options.onStats?.(callId, stats),
    })
    this.calls.set(callId, media)
    media.setMuted(this.muted)
    media.setCamera(this.cameraOn)
    // What this page saw begin needs no new epoch; what it found going on does.
    if (this.fed) media.update(null)
    media.update(link)
    const early = this.early.filter((event) => event.call_id === callId)
    this.early = this.early.filter((event) => event.call_id !== callId)
    for (const event of early) media.signalled(event)
  }
}
