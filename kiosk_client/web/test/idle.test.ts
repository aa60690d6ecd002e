import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { watchIdle } from '../src/idle'

describe('without a touch', () => {
  let scope: AbortController
  let armed: boolean
  let resets: number

  beforeEach(() => {
    vi.useFakeTimers()
    scope = new AbortController()
    armed = true
    resets = 0
  })
  afterEach(() => {
    scope.abort()
    vi.useRealTimers()
  })

  const watch = (): ReturnType<typeof watchIdle> =>
    watchIdle({
      afterS: 60,
      warnS: 15,
      armed: () => armed,
      onIdle: () => resets++,
      signal: scope.signal,
    })
  const seconds = (n: number): void => void vi.advanceTimersByTime(n * 1_000)
  const touch = (): void => {
    window.dispatchEvent(new Event('pointerdown'))
    window.dispatchEvent(new Event('click'))
  }

  it('the last 15 of 60 seconds are counted down, then the page forgets', () => {
    const left = watch()
    seconds(44)
    expect(left.value).toBeNull()
    seconds(1)
    expect(left.value).toBe(15)
    seconds(14)
    expect([left.value, resets]).toEqual([1, 0])
    seconds(1)
    expect([left.value, resets]).toEqual([null, 1])
  })

  it('a touch starts the count again', () => {
    const left = watch()
    seconds(50)
    touch()
    expect(left.value).toBeNull()
    seconds(59)
    expect(resets).toBe(0)
  })

  it('the warning waits for the finger to lift, so that nothing beneath it is pressed', () => {
    const left = watch()
    seconds(50)
    window.dispatchEvent(new Event('pointerdown'))
    expect(left.value).not.toBeNull()
    window.dispatchEvent(new Event('click'))
    expect(left.value).toBeNull()
  })

  it('nothing is counted while somebody is served', () => {
    armed = false
    const left = watch()
    seconds(600)
    expect([left.value, resets]).toEqual([null, 0])
    armed = true
    seconds(44)
    expect([left.value, resets]).toEqual([null, 0])
  })

  it.each(['pointerdown', 'touchmove', 'keydown', 'wheel'])('%s keeps the page awake', (gesture) => {
    const left = watch()
    for (let n = 0; n < 120; n++) {
      seconds(1)
      window.dispatchEvent(new Event(gesture))
    }
    expect([left.value, resets]).toEqual([null, 0])
  })

  it.each(['scroll', 'resize', 'focus'])('%s, which a page does itself, does not', (event) => {
    watch()
    for (let n = 0; n < 60; n++) {
      seconds(1)
      window.dispatchEvent(new Event(event))
    }
    expect(resets).toBe(1)
  })
})
