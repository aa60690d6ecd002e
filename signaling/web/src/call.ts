import { pause } from './backoff'
import { readInbound, type Inbound } from './inbound'
import { opId } from './op_id'
import { UnansweredError, type Link } from './link'
import { mark } from './marks'
import { silentTrack } from './media'
import { Peer } from './peer'
import type { MediaLink, MediaReport, SendSignal, Signalled } from './protocol.gen'
import { Watchdog, type Verdict } from './watchdog'

export type MediaState = 'building' | 'ready' | 'flowing' | 'stalled' | 'closed'

export interface MediaStats {
  kbps: number
  rttMs: number | null
  lossPct: number
  width: number
  height: number
}

export interface CallMediaOptions {
  link: Pick<Link, 'send' | 'status'>
  /** This side's camera and microphone; asked when they are needed, and after localChanged(). */
  local: () => Promise<MediaStream> | MediaStream | null
  /** A new remote stream. Keep showing the picture before it until this one has a frame. */
  onRemote(stream: MediaStream): void
  onState(state: MediaState): void
  /** Whether pictures arrive (sound alone may flow: a camera that is off, a line too thin). */
  onPicture?(live: boolean): void
  onStats?(stats: MediaStats): void
}

const LOOK_EVERY_MS = 500
/** Pictures count as gone after this long without a decoded frame. */
const PICTURE_GONE_MS = 3_000
/** With an open camera the browser offers its real addresses; wait this long for it to open. */
const LOCAL_PATIENCE_MS = 1_200
/** A rebuild that was answered but brought no new epoch: build with the epoch there is. */
const NEW_EPOCH_PATIENCE_MS = 5_000
/** Signals may overtake the view that announces their epoch; the newest of them are kept. */
const MAX_EARLY_SIGNALS = 64

/** One epoch of one call: a peer connection, its watchdog, and the end of both. */
interface Session {
  link: MediaLink
  scope: AbortController
  peer: Peer | null
  localAsked: boolean
  /** The key of the acceptance was pressed here; the server's word is on its way. */
  early: boolean
  /** Sent while there is no microphone. */
  silence: MediaStreamTrack | null
  watchdog: Watchdog
  inbound: Inbound | null
  inboundAtMs: number
  frameAtMs: number
  picture: boolean
}

/**
 * The media of the calls of one page. Feed it every view's `link` and every `call.signalled`; it
 * builds, attaches, watches, restarts and rebuilds. Only views end it: media goes on while the
 * server is away.
 */
export class CallMedia {
  private session: Session | null = null
  private early: Signalled[] = []
  private fed = false
  private audioOn = true
  private videoOn = true
  private localStream: MediaStream | null = null
  private closed = false

  constructor(private readonly options: CallMediaOptions) {}

  /** Takes the `link` of the newest view, null included. */
  update(link: MediaLink | null): void {
    if (this.closed) return
    if (link?.attach) mark(link.call_id, 'accept_rx')
    const first = !this.fed
    this.fed = true
    const now = this.session
    if (link === null) {
      this.early = []
      if (now === null) return
      this.end()
      this.options.onState('closed')
    } else if (now?.link.call_id === link.call_id && now.link.media_epoch >= link.media_epoch) {
      if (now.link.media_epoch > link.media_epoch) return
      now.link = link
      if (link.attach) {
        this.attach(now)
        // What the other side sent early has arrived already: that is told now.
        void this.look(now)
      }
    } else if (first) {
      // This page was loaded in the middle of a call: its peer connection died with the old page.
      this.comeBack(link)
    } else {
      this.begin(link)
    }
  }

  /** Takes a `call.signalled` event. Other calls and older epochs are dropped. */
  signalled(event: Signalled): void {
    if (this.closed) return
    const link = this.session?.link
    if (this.session?.peer && link?.call_id === event.call_id) {
      if (link.media_epoch === event.media_epoch) return this.session.peer.signalled(event)
      if (event.media_epoch < link.media_epoch) return
    }
    if (this.early.push(event) > MAX_EARLY_SIGNALS) this.early.shift()
  }

  /**
   * This side just asked for the call to begin: it sends from now on, half a round trip before it
   * is told so. `false` takes that back, for when it was refused.
   */
  anticipate(begins: boolean): void {
    const session = this.session
    if (session === null || session.link.attach || session.early === begins) return
    session.early = begins
    if (begins) this.attach(session)
    else session.peer?.attach(null, null)
  }

  /** Mutes or unmutes the microphone; the track goes on, so the other side sees no stall. */
  setMuted(audio: boolean): void {
    this.audioOn = !audio
    if (this.session) this.attach(this.session)
  }

  /** Stops or resumes sending pictures; the other side keeps the last one. */
  setCamera(on: boolean): void {
    this.videoOn = on
    if (this.session) this.attach(this.session)
  }

  /** Call when `local()` has something else to give (a device came, went, or opened late). */
  localChanged(): void {
    const session = this.session
    if (session) void this.fetchLocal().then(() => this.attach(session))
  }

  /** Ends everything, for good. */
  close(): void {
    if (this.closed) return
    this.closed = true
    this.end()
    this.options.onState('closed')
  }

  private comeBack(link: MediaLink): void {
    this.options.onState('building')
    const session = this.newSession(link)
    this.session = session
    void this.askForNewEpoch(session).then(() => {
      // No new epoch came: then this one is all there is.
      if (this.session === session) this.begin(session.link)
    })
  }

  private async askForNewEpoch(session: Session): Promise<void> {
    const { signal } = session.scope
    try {
      while (!signal.aborted && !(await this.rebuild(session)));
      await pause(NEW_EPOCH_PATIENCE_MS, signal)
    } catch {
      // Refused: the call is no longer what the view said; the next view tells.
    }
  }

  private begin(link: MediaLink): void {
    this.end()
    const session = this.newSession(link)
    this.session = session
    this.options.onState('building')
    const patience = new Promise((resolve) => setTimeout(resolve, LOCAL_PATIENCE_MS))
    void Promise.race([this.fetchLocal(), patience]).then(() => {
      if (!session.scope.signal.aborted) this.build(session)
    })
  }

  private build(session: Session): void {
    const { signal } = session.scope
    session.peer = new Peer({
      link: session.link,
      signal,
      send: (message) => this.post(message),
      onRemote: (stream) => this.remote(session, stream),
      onConnected: () => {
        if (!session.watchdog.flowing) this.options.onState('ready')
      },
    })
    session.watchdog = new Watchdog(performance.now())
    const timer = setInterval(() => void this.look(session), LOOK_EVERY_MS)
    signal.addEventListener('abort', () => clearInterval(timer), { once: true })
    this.attach(session)
    const early = this.early
    this.early = []
    for (const event of early) {
      // What is left over of other calls would only crowd out what matters.
      if (event.call_id === session.link.call_id) this.signalled(event)
    }
  }

  private remote(session: Session, stream: MediaStream): void {
    const { signal } = session.scope
    // The first packet unmutes a track: sooner than the next look.
    for (const track of stream.getTracks()) {
      track.addEventListener('unmute', () => void this.look(session), { signal })
    }
    this.options.onRemote(stream)
  }

  private attach(session: Session): void {
    if (session.peer === null || !(session.link.attach || session.early)) return
    if (this.localStream === null && !session.localAsked) {
      session.localAsked = true
      void this.fetchLocal().then(() => {
        if (!session.scope.signal.aborted) this.attach(session)
      })
      return
    }
    const audio = this.localStream?.getAudioTracks()[0] ?? null
    const video = this.localStream?.getVideoTracks()[0] ?? null
    if (audio) audio.enabled = this.audioOn
    else session.silence ??= silentTrack(session.scope.signal)
    session.peer.attach(audio ?? session.silence, this.videoOn ? video : null)
  }

  private async fetchLocal(): Promise<void> {
    try {
      this.localStream = await this.options.local()
    } catch {
      // No camera yet: the call goes on, and localChanged() says when there is one.
      this.localStream = null
    }
  }

  private async look(session: Session): Promise<void> {
    if (session.peer === null) return
    const connection = session.peer.connection
    const inbound = await readInbound(connection)
    if (session.scope.signal.aborted) return
    const nowMs = performance.now()
    const verdicts = session.watchdog.look({
      nowMs,
      packets: inbound.packets,
      attached: session.link.attach,
      peerPresent: session.link.peer_present,
      online: this.options.link.status === 'online',
      peerRestartsIce: session.link.peer_restarts_ice,
      connection: connection.connectionState,
    })
    for (const verdict of verdicts) this.act(session, verdict)
    this.watchPicture(session, inbound, nowMs)
    this.reportStats(session, inbound, nowMs)
  }

  private act(session: Session, verdict: Verdict): void {
    switch (verdict) {
      case 'flowing':
      case 'stalled':
        this.options.onState(verdict)
        return this.reportMedia(session, verdict)
      case 'restart_ice':
        return session.peer?.restartIce()
      case 'rebuild':
        this.rebuild(session).catch(() => undefined)
        return
      default:
        verdict satisfies never
    }
  }

  private watchPicture(session: Session, inbound: Inbound, nowMs: number): void {
    if (inbound.frames > (session.inbound?.frames ?? 0)) session.frameAtMs = nowMs
    const live = session.frameAtMs > 0 && nowMs - session.frameAtMs < PICTURE_GONE_MS
    if (live === session.picture) return
    session.picture = live
    this.options.onPicture?.(live)
  }

  private reportStats(session: Session, inbound: Inbound, nowMs: number): void {
    const before = session.inbound
    const elapsedMs = nowMs - session.inboundAtMs
    if (before !== null && elapsedMs < LOOK_EVERY_MS * 2) return
    session.inbound = inbound
    session.inboundAtMs = nowMs
    if (before === null || !this.options.onStats) return
    const lost = Math.max(0, inbound.lost - before.lost)
    const expected = inbound.packets - before.packets + lost
    this.options.onStats({
      kbps: Math.round(((inbound.bytes - before.bytes) * 8) / elapsedMs),
      rttMs: inbound.rttMs === null ? null : Math.round(inbound.rttMs),
      lossPct: expected > 0 ? (100 * lost) / expected : 0,
      width: inbound.width,
      height: inbound.height,
    })
  }

  private reportMedia(session: Session, media: MediaReport): void {
    const { call_id, media_epoch } = session.link
    const report = { type: 'call.report_media', op_id: opId(), call_id, media_epoch, media } as const
    // A report that is refused or late tells of a call that is over.
    this.options.link.send(report).catch(() => undefined)
  }

  /** Asks for a new epoch; false when no answer came. Rejects when refused. */
  private async rebuild(session: Session): Promise<boolean> {
    const { call_id, media_epoch } = session.link
    const request = { type: 'call.rebuild_media', op_id: opId(), call_id, media_epoch } as const
    try {
      await this.options.link.send(request)
      return true
    } catch (error) {
      if (error instanceof UnansweredError) return false
      throw error
    }
  }

  private post(message: SendSignal): void {
    // A signal that cannot be delivered is made good by the watchdog's rebuild.
    this.options.link.send(message).catch(() => undefined)
  }

  private newSession(link: MediaLink): Session {
    return {
      link,
      scope: new AbortController(),
      peer: null,
      localAsked: false,
      early: false,
      silence: null,
      watchdog: new Watchdog(performance.now()),
      inbound: null,
      inboundAtMs: 0,
      frameAtMs: 0,
      picture: false,
    }
  }

  private end(): void {
    this.session?.scope.abort()
    this.session = null
  }
}
