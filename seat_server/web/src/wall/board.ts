import type { Ticked, WallAlert, WallReset, WallTicket, WallUpdated, WallView } from '@xiaowu/wire'

export type WallEvent = WallReset | WallUpdated | Ticked

/** What an event did to the board. A gap means that the board is not to be trusted: ask afresh. */
export interface Patched {
  board: WallView | null
  gap: boolean
}

/**
 * The board after an event. Rows the event does not name stay the same objects, so that a screen
 * redraws only what changed.
 */
export function patchBoard(board: WallView | null, event: WallEvent): Patched {
  switch (event.type) {
    case 'wall.reset':
      return { board: event.view, gap: false }
    case 'wall.ticked':
      return { board, gap: board === null || event.seq !== board.seq }
    case 'wall.updated':
      if (board === null) return { board, gap: true }
      // A reset that overtook this update already holds it.
      if (event.seq <= board.seq) return { board, gap: false }
      if (event.prev_seq !== board.seq) return { board, gap: true }
      return { board: withRows(board, event), gap: false }
  }
}

function withRows(board: WallView, event: WallUpdated): WallView {
  return {
    seq: event.seq,
    server_time: event.server_time,
    locations: replaceById(board.locations, event.locations ?? []),
    seats: replaceById(board.seats, event.seats ?? []),
    tickets: replaceById(board.tickets, event.tickets ?? [], event.tickets_gone ?? []),
    today: event.today ?? board.today,
  }
}

function replaceById<Row extends { id: string }>(
  rows: readonly Row[],
  changed: readonly Row[],
  gone: readonly string[] = [],
): Row[] {
  const fresh = new Map(changed.map((row) => [row.id, row]))
  const left = new Set(gone)
  const kept = rows
    .filter((row) => !left.has(row.id) || fresh.has(row.id))
    .map((row) => fresh.get(row.id) ?? row)
  const known = new Set(rows.map((row) => row.id))
  return [...kept, ...changed.filter((row) => !known.has(row.id))]
}

/** Who has not been served yet, the longest wait first; ringing tickets count, nobody answered yet. */
export function waitingLine(tickets: readonly WallTicket[]): WallTicket[] {
  return tickets
    .filter((ticket) => ticket.state === 'waiting' || ticket.state === 'offered')
    .sort((a, b) => a.arrived_at - b.arrived_at || a.number.localeCompare(b.number))
}

/** Who keeps a claim and is not called: the next to come up first. */
export function parkedLine(tickets: readonly WallTicket[]): WallTicket[] {
  return tickets
    .filter((ticket) => ticket.state === 'parked')
    .sort((a, b) => (a.parked_until ?? 0) - (b.parked_until ?? 0))
}

/** A fault of ours first, then whoever cannot be served, then whom to talk to at once, then long waits. */
const URGENCY = [
  'unmatched',
  'overdue',
  'no_window',
  'many_numbers_read',
  'long_wait',
  'handed_over_often',
  'location_behind',
]

/** So many alerts, the most pressing first, the oldest of a kind first. */
export function mostPressing(alerts: readonly WallAlert[], most: number): WallAlert[] {
  const urgency = ({ kind }: WallAlert): number => {
    const place = URGENCY.indexOf(kind)
    return place === -1 ? URGENCY.length : place
  }
  return alerts.toSorted((a, b) => urgency(a) - urgency(b) || a.since - b.since).slice(0, most)
}
