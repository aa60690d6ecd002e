import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LocalMedia, openCamera, type CameraWish } from '../src/media'
import { FakeStream, FakeTrack } from './fake_peer_connection'

type Kind = 'audio' | 'video'

let devices: Set<Kind>
let requests: MediaStreamConstraints[]
let target: EventTarget
let scope: AbortController
let changes: number

/** A browser with the devices in `devices`. */
const mediaDevices = {
  getUserMedia: (constraints: MediaStreamConstraints): Promise<FakeStream> => {
    requests.push(constraints)
    const wanted = (['audio', 'video'] as const).filter((kind) => constraints[kind])
    if (wanted.some((kind) => !devices.has(kind))) {
      return Promise.reject(new DOMException('none', 'NotFoundError'))
    }
    return Promise.resolve(new FakeStream(wanted.map((kind) => new FakeTrack(kind))))
  },
  enumerateDevices: () => Promise.resolve([...devices].map((kind) => ({ kind: `${kind}input` }))),
  addEventListener: (name: string, heard: () => void, options: AddEventListenerOptions) =>
    target.addEventListener(name, heard, options),
}

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)
const kinds = (media: LocalMedia): string[] =>
  media.stream?.getTracks().map((track) => track.kind) ?? []

function make(open?: (wish: CameraWish) => Promise<MediaStream>): LocalMedia {
  return new LocalMedia({
    onChange: () => changes++,
    signal: scope.signal,
    random: () => 1,
    ...(open ? { open } : {}),
  })
}

beforeEach(() => {
  vi.useFakeTimers()
  devices = new Set(['audio', 'video'])
  requests = []
  target = new EventTarget()
  scope = new AbortController()
  changes = 0
  vi.stubGlobal('navigator', { mediaDevices })
})

afterEach(() => {
  scope.abort()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('opening', () => {
  it('asks for echo cancellation in so many words', async () => {
    await openCamera()
    expect(requests[0]?.audio).toMatchObject({ echoCancellation: true })
  })

  it.each(['audio', 'video'] as const)('goes on with %s alone', async (kind) => {
    devices = new Set([kind])
    const stream = await openCamera()
    expect(stream.getTracks().map((track) => track.kind)).toEqual([kind])
  })

  it('fails when there is nothing at all', async () => {
    devices.clear()
    await expect(openCamera()).rejects.toThrow('none')
  })
})

describe('keeping open', () => {
  it('tells what there is', async () => {
    devices = new Set(['audio'])
    const media = make()
    await media.open()
    expect([media.camera, media.microphone]).toEqual(['missing', 'ok'])
    expect(changes).toBe(1)
  })

  it('opens again, without being asked, when a device was pulled out and came back', async () => {
    const media = make()
    await media.open()
    devices.delete('video')
    media.stream?.getVideoTracks()[0]?.dispatchEvent(new Event('ended'))
    expect([media.camera, kinds(media)]).toEqual(['missing', ['audio']])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(media.camera).toBe('missing')
    devices.add('video')
    target.dispatchEvent(new Event('devicechange'))
    await settle()
    expect([media.camera, kinds(media)]).toEqual(['ok', ['audio', 'video']])
  })

  it('does not touch a working microphone while the camera will not open', async () => {
    devices = new Set(['audio'])
    const media = make()
    await media.open()
    const microphone = media.stream?.getAudioTracks()[0]
    devices.add('video')
    const opened = vi
      .spyOn(mediaDevices, 'getUserMedia')
      .mockImplementation((constraints: MediaStreamConstraints) =>
        constraints.video
          ? Promise.reject(new DOMException('busy', 'NotReadableError'))
          : Promise.resolve(new FakeStream([new FakeTrack('audio')])),
      )
    await vi.advanceTimersByTimeAsync(20_000)
    expect(opened).toHaveBeenCalled()
    expect(media.stream?.getAudioTracks()[0]).toBe(microphone)
    expect((microphone as unknown as FakeTrack).stopped).toBe(false)
  })

  it('tries again after a refusal', async () => {
    devices.clear()
    const media = make()
    expect(await media.open()).toBeNull()
    devices = new Set(['audio', 'video'])
    await vi.advanceTimersByTimeAsync(2_000)
    expect(media.camera).toBe('ok')
  })

  it('opens one stream for two who ask at once', async () => {
    const media = make()
    await Promise.all([media.open(), media.open()])
    expect(requests).toHaveLength(1)
  })

  it('lets go of everything, even of what opens later', async () => {
    let deliver: (stream: MediaStream) => void = () => undefined
    const media = make(() => new Promise((resolve) => (deliver = resolve)))
    const opening = media.open()
    media.close()
    const late = new FakeTrack('video')
    deliver(new FakeStream([late]) as unknown as MediaStream)
    expect(await opening).toBeNull()
    expect(late.stopped).toBe(true)
    expect(media.stream).toBeNull()
  })
})
