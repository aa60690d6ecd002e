import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RemotePicture } from '../src/picture'
import { CLOSING } from '../src/peer'
import { FakeStream } from './fake_peer_connection'

/** A video element whose frames come when the test says so. */
interface Screen {
  element: HTMLVideoElement
  frame(): void
}

let scope: AbortController
let screens: [Screen, Screen]
let picture: RemotePicture
let drawn: number

function screen(): Screen {
  const element = document.createElement('video')
  let waiting: (() => void)[] = []
  let stream: object | null = null
  Object.defineProperty(element, 'srcObject', {
    get: () => stream,
    set: (next: object | null) => (stream = next),
  })
  Object.defineProperty(element, 'videoWidth', { get: () => (stream ? 640 : 0) })
  Object.defineProperty(element, 'videoHeight', { get: () => (stream ? 480 : 0) })
  element.play = () => Promise.resolve()
  element.requestVideoFrameCallback = (seen) => waiting.push(() => seen(0, {} as never))
  return {
    element,
    frame() {
      const due = waiting
      waiting = []
      for (const seen of due) seen()
    },
  }
}

const stream = (): MediaStream => new FakeStream() as unknown as MediaStream
const shown = (): (string | undefined)[] => screens.map(({ element }) => element.dataset.shown)
const still = (): HTMLCanvasElement | null => document.querySelector('canvas')

beforeEach(() => {
  scope = new AbortController()
  screens = [screen(), screen()]
  drawn = 0
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockImplementation(
    () => ({ drawImage: () => drawn++ }) as never,
  )
  document.body.replaceChildren(...screens.map(({ element }) => element))
  picture = new RemotePicture({
    videos: [screens[0].element, screens[1].element],
    signal: scope.signal,
  })
})
afterEach(() => scope.abort())

describe('the remote picture', () => {
  it('shows a stream from its first frame on, not before', () => {
    picture.show(stream(), 'c-1')
    expect(shown()).toEqual(['false', 'false'])
    screens[0].frame()
    expect(shown()).toEqual(['true', 'false'])
    expect(window.__marks).toMatchObject({ call_id: 'c-1', first: expect.any(Number) as number })
  })

  it('keeps the old picture until the new stream has a frame, but lets its sound through at once', () => {
    picture.show(stream(), 'c-1')
    screens[0].frame()
    picture.show(stream(), 'c-1')
    expect(shown()).toEqual(['true', 'false'])
    expect(screens.map(({ element }) => element.muted)).toEqual([true, false])
    screens[1].frame()
    expect(shown()).toEqual(['false', 'true'])
    expect(screens[0].element.srcObject).toBeNull()
  })

  it('keeps the last frame as a still when the connection closes, until there is a newer one', () => {
    const first = stream()
    picture.show(first, 'c-1')
    screens[0].frame()
    first.dispatchEvent(new Event(CLOSING))
    expect([drawn, still()?.style.visibility, shown()]).toEqual([1, 'visible', ['false', 'false']])
    picture.show(stream(), 'c-1')
    expect(still()?.style.visibility).toBe('visible')
    screens[1].frame()
    expect([still()?.style.visibility, shown()]).toEqual(['hidden', ['false', 'true']])
  })

  it('ignores the frame of a stream that was overtaken', () => {
    picture.show(stream(), 'c-1')
    screens[0].frame()
    picture.show(stream(), 'c-1')
    picture.show(stream(), 'c-1')
    screens[1].frame()
    expect(shown().filter((each) => each === 'true')).toHaveLength(1)
  })

  it('leaves nothing of a call behind', () => {
    picture.show(stream(), 'c-1')
    screens[0].frame()
    scope.abort()
    expect(still()).toBeNull()
    expect(screens.map(({ element }) => element.srcObject)).toEqual([null, null])
  })
})
