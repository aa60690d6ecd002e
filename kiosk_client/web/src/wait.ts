import type { WaitRange } from '@xiaowu/wire'

/** The wait as it is told; bounds are minutes, or halves of hours. */
export type Told =
  | { kind: 'soon' }
  /** It lasts longer than nine times out of ten. */
  | { kind: 'late' }
  | { kind: 'within' | 'about'; unit: 'minutes' | 'hours'; high: number }
  | { kind: 'range'; unit: 'minutes' | 'hours'; low: number; high: number }

const MINUTE_S = 60
const HALF_HOUR_S = 1_800
/** Nothing shorter is told in numbers: under a minute it is "very soon". */
const LEAST_S = 2 * MINUTE_S
/** So long what is shown stays as it is, unless somebody went forward. */
const HOLD_S = 20

/** What is told now, and what it was told from. */
export interface Shown {
  told: Told
  since: number
  ahead: number
  /** The bounds in seconds, rounded; null where nothing is rounded. */
  bounds: { low: number; high: number; step: number } | null
}

/**
 * What to tell of a wait that was estimated some time ago: rounded so coarsely that it is true and
 * easy to say, and calm: it changes when somebody went forward or after a while, and never for a
 * few seconds' difference.
 */
export function tell(shown: Shown | null, wait: WaitRange, ahead: number, now: number): Shown {
  const passed = Math.max(0, now - wait.at)
  const low = Math.max(0, wait.low_s - passed)
  const high = wait.high_s - passed
  const moved = shown === null || shown.ahead !== ahead
  if (!moved && now - shown.since < HOLD_S) return shown
  const fresh = told(low, high, shown?.bounds ?? null)
  if (shown !== null && same(shown.told, fresh.told)) {
    return moved ? { ...shown, ahead } : shown
  }
  return { ...fresh, ahead, since: now }
}

function told(low: number, high: number, before: Shown['bounds']): Pick<Shown, 'told' | 'bounds'> {
  if (high <= 0) return { told: { kind: 'late' }, bounds: null }
  if (high < MINUTE_S) return { told: { kind: 'soon' }, bounds: null }
  const step = stepFor(high)
  const near = before?.step === step ? before : null
  const bounds = {
    step,
    low: near && within(low, near.low - step / 2, near.low + 1.5 * step) ? near.low : Math.floor(low / step) * step,
    high: near && within(high, near.high - 1.5 * step, near.high + step / 4) ? near.high : Math.max(Math.ceil(high / step) * step, LEAST_S),
  }
  const unit = step === HALF_HOUR_S ? 'hours' : 'minutes'
  const by = unit === 'hours' ? 3_600 : MINUTE_S
  const range = { low: bounds.low / by, high: bounds.high / by }
  if (range.low === 0) return { told: { kind: 'within', unit, high: range.high }, bounds }
  if (range.low === range.high) return { told: { kind: 'about', unit, high: range.high }, bounds }
  return { told: { kind: 'range', unit, ...range }, bounds }
}

/** Nobody waits by the minute for an hour. */
function stepFor(high: number): number {
  if (high <= 15 * MINUTE_S) return MINUTE_S
  if (high <= 90 * MINUTE_S) return 5 * MINUTE_S
  return HALF_HOUR_S
}

function within(value: number, from: number, to: number): boolean {
  return value >= from && value < to
}

function same(one: Told, other: Told): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
