import type { Ahead, KioskTicket, Precedence } from '@xiaowu/wire'

/** In the order in which they are told: what everybody understands comes first. */
const ORDER: readonly Precedence[] = [
  'earlier',
  'green',
  'technical_drop',
  'ceiling',
  'returned',
  'appointment',
  'recalled',
  'behind',
]

/**
 * Why so many stand before this ticket, one entry a reason. Empty when there is nothing to tell,
 * or when the reasons do not add up to the number beside which they would stand.
 */
export function reasonsBefore(ticket: Pick<KioskTicket, 'ahead' | 'before'>): Ahead[] {
  const counts = new Map<Precedence, number>()
  for (const { why, count } of ticket.before) counts.set(why, (counts.get(why) ?? 0) + count)
  const told = ORDER.map((why) => ({ why, count: counts.get(why) ?? 0 })).filter(({ count }) => count > 0)
  return told.reduce((sum, { count }) => sum + count, 0) === ticket.ahead ? told : []
}
