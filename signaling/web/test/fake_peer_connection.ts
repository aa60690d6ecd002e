/** A track that remembers whether it was stopped. */
export class FakeTrack extends EventTarget {
  enabled = true
  stopped = false
  constructor(readonly kind: 'audio' | 'video') {
    super()
  }
  stop(): void {
    this.stopped = true
  }
}

export class FakeStream extends EventTarget {
  constructor(private tracks: FakeTrack[] = []) {
    super()
  }

  addTrack(track: FakeTrack): void {
    this.tracks.push(track)
  }
  removeTrack(track: FakeTrack): void {
    this.tracks = this.tracks.filter((each) => each !== track)
  }
  getTracks(): FakeTrack[] {
    return this.tracks
  }
  getAudioTracks(): FakeTrack[] {
    return this.tracks.filter((track) => track.kind === 'audio')
  }
  getVideoTracks(): FakeTrack[] {
    return this.tracks.filter((track) => track.kind === 'video')
  }
}

class FakeTransceiver {
  direction = 'recvonly'
  readonly receiver: { track: FakeTrack }
  readonly sender = {
    track: null as FakeTrack | null,
    replaceTrack: (track: FakeTrack | null): Promise<void> => {
      this.sender.track = track
      return Promise.resolve()
    },
    getParameters: () => ({ encodings: [] as { maxBitrate?: number }[] }),
  }
  constructor(kind: 'audio' | 'video') {
    this.receiver = { track: new FakeTrack(kind) }
  }
}

/** The signaling states of RFC 8829 without a network; what it received is set by the test. */
export class FakePeerConnection extends EventTarget {
  static all: FakePeerConnection[] = []
  static get last(): FakePeerConnection {
    const connection = FakePeerConnection.all.at(-1)
    if (!connection) throw new Error('no peer connection was made')
    return connection
  }

  signalingState: RTCSignalingState = 'stable'
  connectionState: RTCPeerConnectionState = 'new'
  localDescription: { type: string; sdp: string } | null = null
  remoteDescription: { type: string; sdp: string } | null = null
  readonly candidates: string[] = []
  readonly transceivers: FakeTransceiver[] = []
  packets = 0
  frames = 0
  iceRestarts = 0
  closed = false

  constructor(readonly configuration: RTCConfiguration) {
    super()
    FakePeerConnection.all.push(this)
  }

  addTransceiver(kind: 'audio' | 'video', init: { direction: string }): void {
    const transceiver = new FakeTransceiver(kind)
    transceiver.direction = init.direction
    this.transceivers.push(transceiver)
    // Browsers fire once for all changes of one task.
    if (this.transceivers.length === 1) {
      queueMicrotask(() => this.dispatchEvent(new Event('negotiationneeded')))
    }
  }

  getTransceivers(): FakeTransceiver[] {
    return this.transceivers
  }

  setLocalDescription(): Promise<void> {
    const type = this.signalingState === 'have-remote-offer' ? 'answer' : 'offer'
    this.signalingState = type === 'answer' ? 'stable' : 'have-local-offer'
    this.localDescription = { type, sdp: `${type} ${FakePeerConnection.all.indexOf(this)}` }
    return Promise.resolve()
  }

  setRemoteDescription(description: { type: string; sdp: string }): Promise<void> {
    if (description.type === 'answer' && this.signalingState !== 'have-local-offer') {
      return Promise.reject(new DOMException('wrong state', 'InvalidStateError'))
    }
    this.remoteDescription = description
    this.signalingState = description.type === 'offer' ? 'have-remote-offer' : 'stable'
    if (this.transceivers.length === 0) {
      this.transceivers.push(new FakeTransceiver('audio'), new FakeTransceiver('video'))
    }
    for (const { receiver } of this.transceivers) {
      this.dispatchEvent(Object.assign(new Event('track'), { track: receiver.track }))
    }
    return Promise.resolve()
  }

  addIceCandidate(candidate: { candidate: string }): Promise<void> {
    if (this.remoteDescription === null) {
      return Promise.reject(new DOMException('too early', 'InvalidStateError'))
    }
    this.candidates.push(candidate.candidate)
    return Promise.resolve()
  }

  getStats(): Promise<Map<string, object>> {
    const audio = { type: 'inbound-rtp', kind: 'audio', packetsReceived: this.packets }
    const video = { type: 'inbound-rtp', kind: 'video', framesDecoded: this.frames }
    return Promise.resolve(new Map<string, object>(Object.entries({ audio, video })))
  }

  restartIce(): void {
    this.iceRestarts++
    this.dispatchEvent(new Event('negotiationneeded'))
  }

  close(): void {
    this.closed = true
    this.connectionState = 'closed'
  }

  become(state: RTCPeerConnectionState): void {
    this.connectionState = state
    this.dispatchEvent(new Event('connectionstatechange'))
  }
}
