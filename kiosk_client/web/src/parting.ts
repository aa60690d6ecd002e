import type { KioskView, ReturnCode, TicketEndReason } from '@xiaowu/wire'

/** The last that is said of a visit, before the page forgets it. */
export interface Parting {
  reason: TicketEndReason
  /** The number, for whoever comes back to find it gone. */
  number: string | null
  returnCode: ReturnCode | null
}

const MS = 1_000
/** Who is here needs one glance; a code is copied by hand; who was away comes later. */
const GLANCE_MS = 6 * MS
const COPY_MS = 60 * MS
const ABSENT_MS = 120 * MS

/** Ends of which the resident may not have been a witness. */
const ABSENT: readonly TicketEndReason[] = ['kiosk_lost', 'not_present', 'stayed_away', 'service_closed']

/**
 * What is said when the booth is free again; null when nothing is. `before` is the view before
 * `now`, null on a page that was just loaded: that one tells only what nobody can have seen.
 */
export function partingAt(now: KioskView, before: KioskView | null): Parting | null {
  // The server tells how a ticket ended for a while only; a rating may outlast that.
  const reason = now.last_end ?? (before?.phase === 'rating' ? 'served' : null)
  if (reason === null) return null
  if (before === null && !ABSENT.includes(reason)) return null
  return {
    reason,
    number: before?.ticket?.number ?? null,
    returnCode: now.return_code ?? before?.return_code ?? null,
  }
}

/** How long it stays, unless it is touched. */
export function partingMs(parting: Parting): number {
  if (parting.returnCode !== null) return COPY_MS
  return ABSENT.includes(parting.reason) ? ABSENT_MS : GLANCE_MS
}
