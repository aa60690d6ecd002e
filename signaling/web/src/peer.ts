import { mark } from './marks'
import type { Candidate, Description, MediaLink, SendSignal, Signalled } from './protocol.gen'
import { withStartBitrate } from './sdp'

export interface PeerOptions {
  link: MediaLink
  send(signal: SendSignal): void
  onRemote(stream: MediaStream): void
  onConnected(): void
  signal: AbortSignal
}

/** Fired on a remote MediaStream while its last frame can still be read. */
export const CLOSING = 'closing'

/** Enough for a clear 720p face on a county line; the estimate goes below it by itself. */
const MAX_VIDEO_BPS = 2_500_000

/**
 * One peer connection of one media epoch: perfect negotiation (W3C webrtc-pc §10.7), with the
 * agent's side impolite and first to offer. Tracks come and go by replaceTrack, never by
 * renegotiation, so attaching costs no round trip.
 */
export class Peer {
  readonly connection: RTCPeerConnection
  private readonly impolite: boolean
  private readonly remote = new MediaStream()
  private makingOffer = false
  private ignoringOffer = false
  private work: Promise<void> = Promise.resolve()
  private local: { audio: MediaStreamTrack | null; video: MediaStreamTrack | null } = {
    audio: null,
    video: null,
  }

  constructor(private readonly options: PeerOptions) {
    const { link, signal } = options
    this.impolite = link.you_are === 'agent'
    this.connection = new RTCPeerConnection({
      iceServers: link.ice_servers.map((server) => ({
        urls: [...server.urls],
        ...(server.username == null ? {} : { username: server.username }),
        ...(server.credential == null ? {} : { credential: server.credential }),
      })),
      bundlePolicy: 'max-bundle',
    })
    const pc = this.connection
    pc.addEventListener('negotiationneeded', () => void this.offer(), { signal })
    pc.addEventListener('icecandidate', (event) => this.trickle(event.candidate), { signal })
    pc.addEventListener('track', (event) => this.received(event.track), { signal })
    pc.addEventListener(
      'connectionstatechange',
      () => {
        if (pc.connectionState !== 'connected') return
        mark(link.call_id, 'conn')
        options.onConnected()
      },
      { signal },
    )
    signal.addEventListener('abort', () => this.close(), { once: true })
    if (this.impolite) {
      // Only the first offerer makes transceivers: an answerer's own would not pair with them.
      pc.addTransceiver('audio', { direction: 'sendrecv' })
      const sendEncodings = [{ maxBitrate: MAX_VIDEO_BPS }]
      pc.addTransceiver('video', { direction: 'sendrecv', sendEncodings })
    }
  }

  /** Takes in a signal of this epoch; they are worked through one after the other. */
  signalled(event: Signalled): void {
    this.work = this.work
      .then(async () => {
        if (this.options.signal.aborted) return
        if (event.description) await this.described(event.description)
        if (event.candidate) await this.offered(event.candidate)
      })
      .catch((error: unknown) => this.failed(error))
  }

  /** Sends these tracks from now on; null sends nothing. */
  attach(audio: MediaStreamTrack | null, video: MediaStreamTrack | null): void {
    this.local = { audio, video }
    for (const transceiver of this.connection.getTransceivers()) {
      const track = transceiver.receiver.track.kind === 'audio' ? audio : video
      if (transceiver.sender.track === track) continue
      transceiver.sender.replaceTrack(track).catch((error: unknown) => this.failed(error))
    }
  }

  restartIce(): void {
    this.connection.restartIce()
  }

  /** Says so on the stream first: a video element turns black the moment its track ends. */
  private close(): void {
    this.remote.dispatchEvent(new Event(CLOSING))
    this.connection.close()
  }

  private async offer(): Promise<void> {
    try {
      this.makingOffer = true
      await this.connection.setLocalDescription()
      this.sendDescription()
    } catch (error) {
      this.failed(error)
    } finally {
      this.makingOffer = false
    }
  }

  private async described(description: Description): Promise<void> {
    const pc = this.connection
    if (description.type === 'rollback') return
    const collision =
      description.type === 'offer' && (this.makingOffer || pc.signalingState !== 'stable')
    this.ignoringOffer = this.impolite && collision
    if (this.ignoringOffer) return
    // A repeat of an answer that was already applied (sent again after a reconnect).
    if (description.type === 'answer' && pc.signalingState !== 'have-local-offer') return
    await pc.setRemoteDescription({
      type: description.type,
      sdp: withStartBitrate(description.sdp ?? ''),
    })
    if (description.type !== 'offer') return
    for (const transceiver of pc.getTransceivers()) transceiver.direction = 'sendrecv'
    this.attach(this.local.audio, this.local.video)
    await pc.setLocalDescription()
    this.sendDescription()
    this.limitVideo()
  }

  private async offered(candidate: Candidate): Promise<void> {
    if (candidate.candidate === '') return
    try {
      await this.connection.addIceCandidate({
        candidate: candidate.candidate,
        sdpMid: candidate.sdp_mid ?? null,
        sdpMLineIndex: candidate.sdp_m_line_index ?? null,
      })
    } catch (error) {
      // Candidates of an offer we ignored have nowhere to go.
      if (!this.ignoringOffer) throw error
    }
  }

  private sendDescription(): void {
    const description = this.connection.localDescription
    if (description === null || description.type === 'pranswer') return
    this.options.send({
      ...this.address(),
      description: { type: description.type, sdp: description.sdp },
    })
  }

  private trickle(candidate: RTCIceCandidate | null): void {
    if (candidate === null) return
    this.options.send({
      ...this.address(),
      candidate: {
        candidate: candidate.candidate,
        sdp_mid: candidate.sdpMid,
        sdp_m_line_index: candidate.sdpMLineIndex,
      },
    })
  }

  private address(): Pick<SendSignal, 'type' | 'call_id' | 'media_epoch'> {
    const { call_id, media_epoch } = this.options.link
    return { type: 'call.signal', call_id, media_epoch }
  }

  private received(track: MediaStreamTrack): void {
    this.remote.addTrack(track)
    const kinds = new Set(this.remote.getTracks().map((each) => each.kind))
    if (kinds.has('audio') && kinds.has('video')) this.options.onRemote(this.remote)
  }

  /**
   * The answerer's bound, set while the transport is built: set with the track, it would ask the
   * encoder to change just when the first picture is due. The offerer's came with its transceiver.
   */
  private limitVideo(): void {
    for (const { sender, receiver } of this.connection.getTransceivers()) {
      if (receiver.track.kind !== 'video') continue
      const parameters = sender.getParameters()
      const { encodings } = parameters
      if (encodings.length === 0 || encodings.every((each) => each.maxBitrate !== undefined)) continue
      for (const encoding of encodings) encoding.maxBitrate = MAX_VIDEO_BPS
      sender.setParameters(parameters).catch((error: unknown) => this.failed(error))
    }
  }

  /** Negotiation errors heal by the watchdog's rebuild; after close they mean nothing. */
  private failed(error: unknown): void {
    if (this.options.signal.aborted) return
    console.warn('peer connection:', error instanceof Error ? error.name : 'error')
  }
}
