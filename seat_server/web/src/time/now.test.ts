import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { watch } from 'vue'
import { startNow } from './now'

describe('startNow', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('changes once a second and stops with its page', () => {
    let clock = 100.3
    const page = new AbortController()
    const changes: number[] = []
    const now = startNow(() => clock, page.signal)
    watch(now, (value) => changes.push(value), { flush: 'sync' })
    for (let step = 0; step < 15; step++) {
      clock += 0.2
      vi.advanceTimersByTime(200)
    }
    expect(changes).toEqual([101, 102, 103])
    page.abort()
    clock += 5
    vi.advanceTimersByTime(5000)
    expect(changes).toHaveLength(3)
  })
})
