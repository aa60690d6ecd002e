import { describe, expect, it } from 'vitest'
import { ASK_AGAIN_AFTER_S, STALE_AFTER_S, SyncWatch } from './sync_watch'

describe('SyncWatch', () => {
  it('distrusts a board that was never confirmed', () => {
    const watch = new SyncWatch()
    expect(watch.age(10)).toBeNull()
    expect(watch.isStale(10)).toBe(true)
  })

  it('trusts a confirmed board for three seconds and not longer', () => {
    const watch = new SyncWatch()
    watch.confirm(100)
    expect(watch.isStale(100 + STALE_AFTER_S)).toBe(false)
    expect(watch.isStale(100 + STALE_AFTER_S + 0.1)).toBe(true)
    expect(watch.age(107)).toBe(7)
  })

  it('asks once for a gap, and again only when no answer came for a while', () => {
    const watch = new SyncWatch()
    expect(watch.shouldAsk(50)).toBe(true)
    expect(watch.shouldAsk(50.1)).toBe(false)
    expect(watch.shouldAsk(50 + ASK_AGAIN_AFTER_S)).toBe(true)
  })

  it('asks at once for a new gap after the last one was mended', () => {
    const watch = new SyncWatch()
    watch.shouldAsk(50)
    watch.confirm(50.2)
    expect(watch.shouldAsk(50.3)).toBe(true)
  })
})
