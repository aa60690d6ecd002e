import type { WaitRange } from '@xiaowu/wire'
import { describe, expect, it } from 'vitest'
import { tell, type Shown } from '../src/wait'

const wait = (low_s: number, high_s: number, at = 0): WaitRange => ({ low_s, high_s, at })
const first = (low_s: number, high_s: number, now = 0): Shown['told'] =>
  tell(null, wait(low_s, high_s), 3, now).told

describe('a wait', () => {
  it.each([
    [5, 40, { kind: 'soon' }],
    [20, 200, { kind: 'within', unit: 'minutes', high: 4 }],
    [310, 690, { kind: 'range', unit: 'minutes', low: 5, high: 12 }],
    [300, 300, { kind: 'about', unit: 'minutes', high: 5 }],
    [1_000, 1_900, { kind: 'range', unit: 'minutes', low: 15, high: 35 }],
    [4_000, 7_500, { kind: 'range', unit: 'hours', low: 1, high: 2.5 }],
  ] as const)('from %i to %i s is told in round numbers', (low, high, told) => {
    expect(first(low, high)).toEqual(told)
  })

  it('is never told shorter than it was estimated', () => {
    for (let high = 60; high < 20_000; high += 7) {
      const told = first(high / 2, high)
      if (told.kind === 'soon' || told.kind === 'late') throw new Error(`${high} s is neither`)
      expect(told.high * (told.unit === 'hours' ? 3_600 : 60)).toBeGreaterThanOrEqual(high)
    }
  })

  it('grows shorter as time passes', () => {
    expect(first(310, 690, 120)).toEqual({ kind: 'range', unit: 'minutes', low: 3, high: 10 })
    expect(first(310, 690, 660)).toEqual({ kind: 'soon' })
  })

  it('that is over its time is said to be longer than expected', () => {
    expect(first(310, 690, 700)).toEqual({ kind: 'late' })
  })
})

describe('what is told', () => {
  const start = tell(null, wait(310, 690), 3, 0)

  it('stays as it is for a while, whatever the estimate does', () => {
    for (let now = 1; now < 20; now++) {
      expect(tell(start, wait(100 * now, 200 * now, now), 3, now)).toBe(start)
    }
  })

  it('changes at once when somebody went forward', () => {
    expect(tell(start, wait(200, 500, 2), 2, 2).told).toEqual({
      kind: 'range', unit: 'minutes', low: 3, high: 9,
    })
  })

  it('does not swing between two values with an estimate that does', () => {
    let shown = tell(null, wait(300, 660), 3, 0)
    const seen = new Set<string>()
    for (let now = 0; now < 600; now++) {
      const sway = now % 2 === 0 ? -10 : 10
      shown = tell(shown, wait(300 + sway, 660 + sway, now), 3, now)
      seen.add(JSON.stringify(shown.told))
    }
    expect(seen.size).toBe(1)
  })

  it('counts down about once a minute, and never up, while nothing happens', () => {
    let shown = tell(null, wait(310, 690), 3, 0)
    const highs: number[] = []
    for (let now = 0; now <= 600; now++) {
      const before = shown
      shown = tell(shown, wait(310, 690), 3, now)
      if (shown !== before && 'high' in shown.told) highs.push(shown.told.high)
    }
    expect(highs).toEqual([...highs].sort((one, other) => other - one))
    expect(highs.length).toBeGreaterThan(5)
    expect(highs.length).toBeLessThan(22)
  })
})
