import type { ServiceHours } from '@xiaowu/wire'

/** What the opening hours mean for who stands before the screen. Moments are of today. */
export type Opening =
  /** Tickets are given out; `until` is set when they end today. */
  | { state: 'open'; until: number | null }
  /** It opens later today. */
  | { state: 'before'; opensAt: number }
  /** Those who wait are served, but tickets are no longer given out today. */
  | { state: 'last_taken'; lastTicketAt: number }
  /** Nothing more today. */
  | { state: 'closed' }

/** From midnight to midnight is not worth a word; a day of the clock's change has 23 hours. */
const DAY_S = 23 * 3_600

/**
 * The hours as they stand at `now`: the server's word, carried forward over the moments it named,
 * so that the screen turns with the clock and not with the next message.
 */
export function openingAt(hours: ServiceHours, now: number): Opening {
  const { opens_at: opensAt, last_ticket_at: lastTicketAt, closes_at: closesAt } = hours
  const until = lastTicketAt ?? closesAt
  const allDay = opensAt !== null && until !== null && until - opensAt >= DAY_S
  if (until !== null && now >= until) {
    if (lastTicketAt !== null && closesAt !== null && now < closesAt) {
      return { state: 'last_taken', lastTicketAt }
    }
    return { state: 'closed' }
  }
  if (hours.open) return { state: 'open', until: allDay ? null : until }
  if (opensAt === null) return { state: 'closed' }
  return now < opensAt ? { state: 'before', opensAt } : { state: 'open', until: allDay ? null : until }
}
