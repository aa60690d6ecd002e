/** What the watchdog is shown at each look. */
export interface Sample {
  nowMs: number
  /** RTP packets received so far, audio and video. */
  packets: number
  /** Both sides are meant to send; packets before that are early and count from then on. */
  attached: boolean
  /** The other side has a connection to the server, so a recovery can be negotiated. */
  peerPresent: boolean
  /** This side has a connection to the server. */
  online: boolean
  /** The other side can restart ICE (a browser can, aiortc cannot). */
  peerRestartsIce: boolean
  connection: RTCPeerConnectionState
}

export type Verdict = 'flowing' | 'stalled' | 'restart_ice' | 'rebuild'

/** Silence for this long is a stall: a sender without a picture still sends sound. */
export const STALL_MS = 3_000
/** An ICE restart that has not helped by then is followed by a rebuild. */
const RESTART_PATIENCE_MS = 3_000
/** A rebuild that has brought no new epoch by then is asked for again. */
const REBUILD_PATIENCE_MS = 6_000
/** From the moment both sides should send to the first packet. */
const FIRST_MEDIA_MS = 6_000
/** While it rings: how long a transport may take to stand. */
const TRANSPORT_MS = 10_000

/**
 * Decides for one peer connection when media flows, when it stalled, and which recovery is due.
 * Pure: time comes in with every sample. Recovery needs the server and the peer, so while either
 * is away only the stall is said and the clocks of recovery wait.
 */
export class Watchdog {
  private state: 'waiting' | 'flowing' | 'stalled' = 'waiting'
  private packets = 0
  private lastProgressMs: number
  private recoverableSinceMs: number | null = null
  private attachedSinceMs: number | null = null
  private restartedMs: number | null = null
  private rebuiltMs: number | null = null

  constructor(nowMs: number) {
    this.lastProgressMs = nowMs
  }

  get flowing(): boolean {
    return this.state === 'flowing'
  }

  look(sample: Sample): Verdict[] {
    const { nowMs } = sample
    const recoverable = sample.peerPresent && sample.online
    this.recoverableSinceMs = recoverable ? (this.recoverableSinceMs ?? nowMs) : null
    if (sample.attached) this.attachedSinceMs ??= nowMs
    if (sample.attached && sample.packets > this.packets) {
      this.packets = sample.packets
      return this.progress(nowMs)
    }
    const verdicts: Verdict[] = []
    const broken = sample.connection === 'failed'
    const silentMs = nowMs - this.lastProgressMs
    if (this.state === 'flowing' && (silentMs >= STALL_MS || broken)) {
      this.state = 'stalled'
      verdicts.push('stalled')
    }
    if (recoverable) verdicts.push(...this.recovery(sample))
    return verdicts
  }

  private progress(nowMs: number): Verdict[] {
    this.lastProgressMs = nowMs
    this.restartedMs = null
    this.rebuiltMs = null
    if (this.state === 'flowing') return []
    this.state = 'flowing'
    return ['flowing']
  }

  private recovery(sample: Sample): Verdict[] {
    const { nowMs } = sample
    if (!this.recoveryIsDue(sample)) return []
    if (this.rebuiltMs !== null) {
      return nowMs - this.rebuiltMs >= REBUILD_PATIENCE_MS ? this.rebuild(nowMs) : []
    }
    if (sample.peerRestartsIce && this.state === 'stalled') {
      if (this.restartedMs === null) {
        this.restartedMs = nowMs
        return ['restart_ice']
      }
      if (nowMs - this.restartedMs < RESTART_PATIENCE_MS) return []
    }
    return this.rebuild(nowMs)
  }

  private recoveryIsDue(sample: Sample): boolean {
    const recoverableMs = sample.nowMs - (this.recoverableSinceMs ?? sample.nowMs)
    if (this.state === 'flowing') return false
    if (this.state === 'stalled') return true
    if (this.attachedSinceMs !== null) {
      const waitedMs = Math.min(sample.nowMs - this.attachedSinceMs, recoverableMs)
      return waitedMs >= (sample.connection === 'failed' ? STALL_MS : FIRST_MEDIA_MS)
    }
    return sample.connection !== 'connected' && recoverableMs >= TRANSPORT_MS
  }

  private rebuild(nowMs: number): Verdict[] {
    this.rebuiltMs = nowMs
    return ['rebuild']
  }
}
