import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CallMedia, type MediaState } from '../src/call'
import { RefusedError, type LinkStatus } from '../src/link'
import type { Answer, ClientMessage, MediaLink, SendSignal, Signalled } from '../src/protocol.gen'
import { FakePeerConnection, FakeStream, FakeTrack } from './fake_peer_connection'

const LINK: MediaLink = {
  call_id: 'c-1',
  media_epoch: 1,
  you_are: 'agent',
  attach: false,
  peer_present: true,
  peer_restarts_ice: true,
  ice_servers: [],
}
const KIOSK: MediaLink = { ...LINK, you_are: 'resident' }

function signal(part: Partial<Signalled>): Signalled {
  return {
    type: 'call.signalled',
    call_id: 'c-1',
    media_epoch: 1,
    description: null,
    candidate: null,
    ...part,
  }
}
const OFFER = signal({ description: { type: 'offer', sdp: 'offer' } })
const ANSWER = signal({ description: { type: 'answer', sdp: 'answer' } })
const candidate = (name: string): Signalled =>
  signal({ candidate: { candidate: name, sdp_mid: '0', sdp_m_line_index: 0 } })

/** Records what is sent and answers `done`, or refuses the types listed. */
class FakeLink {
  status: LinkStatus = 'online'
  readonly sent: ClientMessage[] = []
  readonly refuse = new Set<string>()
  send(message: ClientMessage): Promise<Answer> {
    this.sent.push(message)
    if (this.refuse.has(message.type)) return Promise.reject(new RefusedError('not_allowed'))
    return Promise.resolve({ type: 'done', op_id: null })
  }
  ofType<T extends ClientMessage['type']>(type: T): Extract<ClientMessage, { type: T }>[] {
    return this.sent.filter(
      (message): message is Extract<ClientMessage, { type: T }> => message.type === type,
    )
  }
  descriptions(): SendSignal[] {
    return this.ofType('call.signal').filter((message) => message.description)
  }
}

let link: FakeLink
let local: FakeStream | null
let states: MediaState[]
let pictures: boolean[]
let remotes: MediaStream[]
let media: CallMedia

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)

function make(): CallMedia {
  return new CallMedia({
    link,
    local: () => local as unknown as MediaStream | null,
    onRemote: (stream) => remotes.push(stream),
    onState: (state) => states.push(state),
    onPicture: (live) => pictures.push(live),
  })
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('RTCPeerConnection', FakePeerConnection)
  vi.stubGlobal('MediaStream', FakeStream)
  FakePeerConnection.all = []
  link = new FakeLink()
  local = new FakeStream([new FakeTrack('audio'), new FakeTrack('video')])
  states = []
  pictures = []
  remotes = []
  media = make()
  media.update(null)
})

afterEach(() => {
  media.close()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const sending = (): (FakeTrack | null)[] =>
  FakePeerConnection.last.transceivers.map((transceiver) => transceiver.sender.track)

describe('while it rings', () => {
  it('the agent offers sound and picture without tracks', async () => {
    media.update(LINK)
    await settle()
    expect(link.descriptions()).toEqual([
      {
        type: 'call.signal',
        call_id: 'c-1',
        media_epoch: 1,
        description: { type: 'offer', sdp: 'offer 0' },
      },
    ])
    expect(sending()).toEqual([null, null])
  })

  it('the kiosk waits for the offer and answers in both directions without tracks', async () => {
    media.update(KIOSK)
    await settle()
    expect(link.sent).toEqual([])
    media.signalled(OFFER)
    await settle()
    expect(link.descriptions()[0]?.description?.type).toBe('answer')
    expect(FakePeerConnection.last.transceivers.map((each) => each.direction)).toEqual([
      'sendrecv',
      'sendrecv',
    ])
    expect(sending()).toEqual([null, null])
  })

  it('an offer that overtakes the view is kept for it', async () => {
    media.signalled(OFFER)
    media.signalled(candidate('a'))
    media.update(KIOSK)
    await settle()
    expect(link.descriptions()[0]?.description?.type).toBe('answer')
    expect(FakePeerConnection.last.candidates).toEqual(['a'])
  })

  it('the ICE servers are exactly those of the view', async () => {
    media.update({
      ...LINK,
      ice_servers: [{ urls: ['turn:10.0.0.1'], username: 'u', credential: 'c' }],
    })
    await settle()
    expect(FakePeerConnection.last.configuration.iceServers).toEqual([
      { urls: ['turn:10.0.0.1'], username: 'u', credential: 'c' },
    ])
  })
})

describe('when the call begins', () => {
  it('tracks are attached without a new description', async () => {
    media.update(LINK)
    await settle()
    media.signalled(ANSWER)
    await settle()
    media.update({ ...LINK, attach: true })
    await settle()
    expect(sending()).toEqual(local?.getTracks())
    expect(link.descriptions()).toHaveLength(1)
  })

  it('whoever asked for the call sends before the answer, and stops when it was refused', async () => {
    media.update(LINK)
    await settle()
    media.anticipate(true)
    expect(sending()).toEqual(local?.getTracks())
    media.anticipate(false)
    expect(sending()).toEqual([null, null])
    media.anticipate(true)
    media.update({ ...LINK, attach: true })
    await settle()
    media.anticipate(false)
    expect(sending()).toEqual(local?.getTracks())
  })

  it('a camera that opens late is attached when it is there', async () => {
    local = null
    vi.stubGlobal('AudioContext', SilentAudioContext)
    media.update(LINK)
    media.update({ ...LINK, attach: true })
    await vi.advanceTimersByTimeAsync(1_200)
    expect(sending().map((track) => track?.kind)).toEqual(['audio', undefined])
    local = new FakeStream([new FakeTrack('audio'), new FakeTrack('video')])
    media.localChanged()
    await settle()
    expect(sending()).toEqual(local.getTracks())
  })

  it('a remote stream is given out once it has sound and picture', async () => {
    media.update(KIOSK)
    await settle()
    media.signalled(OFFER)
    await settle()
    expect(remotes).toHaveLength(1)
    expect(remotes[0]?.getTracks().map((track) => track.kind)).toEqual(['audio', 'video'])
  })

  it('the remote description carries the start-bitrate hint', async () => {
    media.update(KIOSK)
    await settle()
    const sdp = 'v=0\r\nm=video 9 X 96\r\na=rtpmap:96 VP8/90000\r\n'
    media.signalled(signal({ description: { type: 'offer', sdp } }))
    await settle()
    expect(FakePeerConnection.last.remoteDescription?.sdp).toContain('x-google-start-bitrate=2500')
  })

  it('the server hears of the first media, with the epoch', async () => {
    media.update({ ...LINK, attach: true })
    await settle()
    FakePeerConnection.last.packets = 5
    await vi.advanceTimersByTimeAsync(500)
    expect(states.at(-1)).toBe('flowing')
    expect(link.ofType('call.report_media')).toMatchObject([
      { call_id: 'c-1', media_epoch: 1, media: 'flowing' },
    ])
  })
})

describe('glare', () => {
  it('the agent ignores an offer that collides with its own, and its candidates', async () => {
    media.update(LINK)
    await settle()
    media.signalled(OFFER)
    media.signalled(candidate('theirs'))
    await settle()
    expect(FakePeerConnection.last.remoteDescription).toBeNull()
    expect(link.descriptions()).toHaveLength(1)
  })

  it('the kiosk gives way', async () => {
    media.update(KIOSK)
    await settle()
    media.signalled(OFFER)
    await settle()
    FakePeerConnection.last.restartIce()
    await settle()
    expect(FakePeerConnection.last.signalingState).toBe('have-local-offer')
    media.signalled(OFFER)
    await settle()
    expect(link.descriptions().map((each) => each.description?.type)).toEqual([
      'answer',
      'offer',
      'answer',
    ])
  })

  it('an answer that comes twice is taken once', async () => {
    const warn = vi.spyOn(console, 'warn')
    media.update(LINK)
    await settle()
    media.signalled(ANSWER)
    media.signalled(ANSWER)
    await settle()
    expect(warn).not.toHaveBeenCalled()
  })
})

describe('epochs', () => {
  it('a higher epoch closes the old connection and builds anew', async () => {
    media.update({ ...LINK, attach: true })
    await settle()
    media.update({ ...LINK, attach: true, media_epoch: 2 })
    await settle()
    expect(FakePeerConnection.all.map((each) => each.closed)).toEqual([true, false])
    expect(link.descriptions().map((each) => each.media_epoch)).toEqual([1, 2])
    expect(sending()).toEqual(local?.getTracks())
  })

  it('signals of an older epoch are dropped', async () => {
    media.update({ ...KIOSK, media_epoch: 2 })
    await settle()
    media.signalled(OFFER)
    await settle()
    expect(FakePeerConnection.last.remoteDescription).toBeNull()
  })

  it('an older view does not bring an older epoch back', async () => {
    media.update({ ...LINK, media_epoch: 2 })
    await settle()
    media.update(LINK)
    await settle()
    expect(FakePeerConnection.all).toHaveLength(1)
  })

  it('a page that was loaded in the middle of a call asks for a new epoch before it builds', async () => {
    media.close()
    media = make()
    media.update({ ...LINK, attach: true, media_epoch: 3 })
    await settle()
    expect(FakePeerConnection.all).toHaveLength(0)
    expect(link.ofType('call.rebuild_media')).toMatchObject([{ call_id: 'c-1', media_epoch: 3 }])
    media.update({ ...LINK, attach: true, media_epoch: 4 })
    await settle()
    expect(link.descriptions().map((each) => each.media_epoch)).toEqual([4])
  })

  it('a page whose wish for a new epoch is refused builds with the one there is', async () => {
    media.close()
    media = make()
    link.refuse.add('call.rebuild_media')
    media.update({ ...LINK, attach: true, media_epoch: 3 })
    await settle()
    expect(link.descriptions().map((each) => each.media_epoch)).toEqual([3])
  })
})

describe('when media stops', () => {
  async function flowing(part: Partial<MediaLink> = {}): Promise<FakePeerConnection> {
    media.update({ ...LINK, attach: true, ...part })
    await settle()
    media.signalled(ANSWER)
    FakePeerConnection.last.become('connected')
    FakePeerConnection.last.packets = 5
    await vi.advanceTimersByTimeAsync(500)
    return FakePeerConnection.last
  }

  it('the stall is reported, ICE is restarted, and then a rebuild is asked for', async () => {
    const connection = await flowing()
    await vi.advanceTimersByTimeAsync(3_500)
    expect(states.at(-1)).toBe('stalled')
    expect(link.ofType('call.report_media').at(-1)?.media).toBe('stalled')
    expect(connection.iceRestarts).toBe(1)
    expect(link.ofType('call.rebuild_media')).toEqual([])
    await vi.advanceTimersByTimeAsync(3_000)
    expect(link.ofType('call.rebuild_media')).toMatchObject([{ media_epoch: 1 }])
  })

  it('the connection is kept while the server is away', async () => {
    const connection = await flowing()
    link.status = 'offline'
    await vi.advanceTimersByTimeAsync(30_000)
    expect(connection.closed).toBe(false)
    expect(connection.iceRestarts).toBe(0)
    link.status = 'online'
    await vi.advanceTimersByTimeAsync(500)
    expect(connection.iceRestarts).toBe(1)
  })

  it('the page hears that pictures stopped although sound goes on', async () => {
    const connection = await flowing()
    connection.frames = 10
    await vi.advanceTimersByTimeAsync(1_000)
    expect(pictures).toEqual([true])
    for (let second = 0; second < 5; second++) {
      connection.packets += 50
      await vi.advanceTimersByTimeAsync(1_000)
    }
    expect(pictures).toEqual([true, false])
    expect(states.at(-1)).toBe('flowing')
  })
})

describe('the switches', () => {
  it('muting keeps the track and silences it', async () => {
    media.update({ ...LINK, attach: true })
    await settle()
    media.setMuted(true)
    expect(sending()[0]).toBe(local?.getAudioTracks()[0])
    expect(local?.getAudioTracks()[0]?.enabled).toBe(false)
    media.setMuted(false)
    expect(local?.getAudioTracks()[0]?.enabled).toBe(true)
  })

  it('a camera that is off sends nothing, so the other side keeps the last picture', async () => {
    media.update({ ...LINK, attach: true })
    await settle()
    media.setCamera(false)
    expect(sending()[1]).toBeNull()
    media.setCamera(true)
    expect(sending()[1]).toBe(local?.getVideoTracks()[0])
  })

  it('mute outlives a rebuild', async () => {
    media.update({ ...LINK, attach: true })
    await settle()
    media.setMuted(true)
    media.update({ ...LINK, attach: true, media_epoch: 2 })
    await settle()
    expect(local?.getAudioTracks()[0]?.enabled).toBe(false)
  })
})

describe('the end', () => {
  it('comes with a view without a link', async () => {
    media.update(LINK)
    await settle()
    media.update(null)
    expect(FakePeerConnection.last.closed).toBe(true)
    expect(states.at(-1)).toBe('closed')
  })

  it('leaves camera and microphone open: they belong to the page', async () => {
    media.update({ ...LINK, attach: true })
    await settle()
    media.close()
    expect(local?.getTracks().map((track) => track.stopped)).toEqual([false, false])
  })

  it('stops looking at the connection', async () => {
    media.update({ ...LINK, attach: true })
    await settle()
    const getStats = vi.spyOn(FakePeerConnection.last, 'getStats')
    media.update(null)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(getStats).not.toHaveBeenCalled()
  })
})

/** What silentTrack needs of WebAudio. */
class SilentAudioContext {
  resume(): Promise<void> {
    return Promise.resolve()
  }
  close(): Promise<void> {
    return Promise.resolve()
  }
  createMediaStreamDestination(): { stream: FakeStream } {
    return { stream: new FakeStream([new FakeTrack('audio')]) }
  }
}
