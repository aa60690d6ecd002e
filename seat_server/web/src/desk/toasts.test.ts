import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MOST_TOASTS, readingTimeMs, type Toast, Toasts } from './toasts'

function start() {
  let shown: readonly Toast[] = []
  const toasts = new Toasts((list) => (shown = list))
  return { toasts, texts: () => shown.map((toast) => toast.text), first: () => shown[0]?.id ?? 0 }
}

describe('Toasts', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('stay long enough to be read, longer texts longer', () => {
    const { toasts, texts } = start()
    toasts.show('短')
    vi.advanceTimersByTime(5900)
    expect(texts()).toEqual(['短'])
    vi.advanceTimersByTime(200)
    expect(texts()).toEqual([])
    expect(readingTimeMs('x'.repeat(60))).toBeGreaterThan(readingTimeMs('x'))
  })

  it('do not pile up when the same refusal comes again, but start anew', () => {
    const { toasts, texts } = start()
    toasts.show('来晚了')
    vi.advanceTimersByTime(5000)
    toasts.show('来晚了')
    vi.advanceTimersByTime(5000)
    expect(texts()).toEqual(['来晚了'])
  })

  it('stay while somebody reads them', () => {
    const { toasts, texts, first } = start()
    toasts.show('text')
    toasts.hold(first())
    vi.advanceTimersByTime(60_000)
    expect(texts()).toEqual(['text'])
    toasts.release(first())
    vi.advanceTimersByTime(60_000)
    expect(texts()).toEqual([])
  })

  it('never cover the screen: the oldest leaves first', () => {
    const { toasts, texts } = start()
    for (let n = 0; n < MOST_TOASTS + 2; n++) toasts.show(`t${n}`)
    expect(texts()).toEqual(['t2', 't3', 't4', 't5'])
  })

  it('can be dismissed', () => {
    const { toasts, texts, first } = start()
    toasts.show('text')
    toasts.dismiss(first())
    expect(texts()).toEqual([])
  })
})
