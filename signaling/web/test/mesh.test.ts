import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { CallMesh } from '../src/mesh'
import type { MediaState } from '../src/call'
import type { Answer, ClientMessage, MediaLink, Signalled } from '../src/protocol.gen'
import { FakePeerConnection, FakeStream, FakeTrack } from './fake_peer_connection'

const link = (callId: string, part: Partial<MediaLink> = {}): MediaLink => ({
  call_id: callId,
  media_epoch: 1,
  you_are: 'resident',
  attach: true,
  peer_present: true,
  peer_restarts_ice: true,
  ice_servers: [],
  ...part,
})
const offer = (callId: string): Signalled => ({
  type: 'call.signalled',
  call_id: callId,
  media_epoch: 1,
  description: { type: 'offer', sdp: `offer of ${callId}` },
  candidate: null,
})

let sent: ClientMessage[]
let states: [string, MediaState][]
let tracks: FakeTrack[]
let mesh: CallMesh

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)
const asked = (): ClientMessage[] => sent.filter((message) => message.type === 'call.rebuild_media')
const answers = (): string[] =>
  sent.flatMap((message) =>
    message.type === 'call.signal' && message.description?.type === 'answer' ? [message.call_id] : [],
  )

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('RTCPeerConnection', FakePeerConnection)
  vi.stubGlobal('MediaStream', FakeStream)
  FakePeerConnection.all = []
  sent = []
  states = []
  tracks = [new FakeTrack('audio'), new FakeTrack('video')]
  mesh = new CallMesh({
    link: {
      status: 'online',
      send(message: ClientMessage): Promise<Answer> {
        sent.push(message)
        return Promise.resolve({ type: 'done', op_id: null })
      },
    },
    local: () => new FakeStream(tracks) as unknown as MediaStream,
    onRemote: () => undefined,
    onState: (callId, state) => states.push([callId, state]),
  })
})

afterEach(() => {
  mesh.close()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('a second pair is built beside the first, which goes on', async () => {
  mesh.update([])
  mesh.update([link('a')])
  await settle()
  mesh.signalled(offer('a'))
  mesh.update([link('a'), link('b')])
  await settle()
  mesh.signalled(offer('b'))
  await settle()
  expect(answers()).toEqual(['a', 'b'])
  expect(FakePeerConnection.all.map((each) => each.connectionState)).not.toContain('closed')
  expect(asked()).toEqual([])
})

it('a pair keeps its connection when the other is over', async () => {
  mesh.update([])
  mesh.update([link('a'), link('b')])
  await settle()
  mesh.update([link('b')])
  await settle()
  expect(FakePeerConnection.all.length).toBe(2)
  expect(FakePeerConnection.all[0]?.connectionState).toBe('closed')
  expect(FakePeerConnection.all[1]?.connectionState).not.toBe('closed')
  expect(states.filter(([, state]) => state === 'closed')).toEqual([['a', 'closed']])
})

it('signals that overtake the view find their pair', async () => {
  mesh.update([link('a')])
  mesh.signalled(offer('b'))
  mesh.update([link('a'), link('b')])
  await settle()
  await settle()
  expect(answers()).toEqual(['b'])
})

it('a page loaded in the middle of it asks for each pair anew', async () => {
  mesh.update([link('a'), link('b')])
  await settle()
  expect(asked().map((message) => 'call_id' in message && message.call_id)).toEqual(['a', 'b'])
})

it('a mute holds for whoever comes later', async () => {
  mesh.update([])
  mesh.update([link('a')])
  mesh.setMuted(true)
  await settle()
  mesh.update([link('a'), link('b')])
  await settle()
  mesh.signalled(offer('b'))
  await settle()
  expect(tracks[0]?.enabled).toBe(false)
})
