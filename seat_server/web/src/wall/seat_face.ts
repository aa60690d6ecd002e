import type { WallSeat } from '@xiaowu/wire'
import type { IconName } from '../ui/icons'

/** How a seat looks from five metres: one word, one icon, one tone. */
export interface SeatFace {
  tone: 'free' | 'ringing' | 'in_call' | 'wrap_up' | 'on_break' | 'offline' | 'away'
  icon: IconName
}

/** What the seat does comes before what its agent wants; a desk that was cut off before both. */
export function seatFace(seat: WallSeat): SeatFace {
  if (seat.away && seat.status !== 'offline') return { tone: 'away', icon: 'unplugged' }
  switch (seat.state) {
    case 'reserved':
      return { tone: 'ringing', icon: 'bell' }
    case 'in_call':
      return { tone: 'in_call', icon: 'accept' }
    case 'wrap_up':
      return { tone: 'wrap_up', icon: 'pen' }
    case 'idle':
      if (seat.status === 'available') return { tone: 'free', icon: 'ready' }
      if (seat.status === 'on_break') return { tone: 'on_break', icon: 'cup' }
      return { tone: 'offline', icon: 'close' }
  }
}

/** Somebody should ask whether all is well after half an hour of break, five minutes of wrap-up. */
export const LONG_BREAK_S = 1800
export const LONG_WRAP_UP_S = 300

/** True when a seat has been out of service longer than its state explains. */
export function isOutTooLong(tone: SeatFace['tone'], seconds: number): boolean {
  if (tone === 'on_break') return seconds >= LONG_BREAK_S
  return tone === 'wrap_up' && seconds >= LONG_WRAP_UP_S
}

/** How many seats wear which tone. */
export function countTones(seats: readonly WallSeat[]): Record<SeatFace['tone'], number> {
  const counts = { free: 0, ringing: 0, in_call: 0, wrap_up: 0, on_break: 0, offline: 0, away: 0 }
  for (const seat of seats) counts[seatFace(seat).tone]++
  return counts
}

/** Share of good ratings (4 and 5) in percent; null when nobody rated. */
export function goodShare(ratings: readonly number[]): { percent: number; rated: number } | null {
  const rated = ratings.reduce((sum, count) => sum + count, 0)
  if (rated === 0) return null
  const good = (ratings[3] ?? 0) + (ratings[4] ?? 0)
  return { percent: Math.round((100 * good) / rated), rated }
}
