import type { WallAlert, WallSeat, WallTicket, WallUpdated, WallView } from '@xiaowu/wire'
import { describe, expect, it } from 'vitest'
import { mostPressing, parkedLine, patchBoard, waitingLine } from './board'

function ticket(id: string, over: Partial<WallTicket> = {}): WallTicket {
  return {
    id,
    number: id.toUpperCase(),
    item: { code: 'I1', name: '社保卡申领', name_en: 'Social security card' },
    location_id: 'L1',
    state: 'waiting',
    arrived_at: 100,
    state_since: 100,
    seat_id: null,
    away: false,
    lane: 'ordinary',
    green: null,
    parked_until: null,
    hand_overs: 0,
    identity: null,
    wait: null,
    ...over,
  }
}

function seat(id: string, over: Partial<WallSeat> = {}): WallSeat {
  return {
    id,
    name: id,
    agent_name: null,
    status: 'available',
    break_reason: null,
    state: 'idle',
    state_since: 0,
    away: false,
    location: null,
    item: null,
    served_today: 0,
    shift_ends_at: null,
    ...over,
  }
}

function board(over: Partial<WallView> = {}): WallView {
  return {
    seq: 10,
    server_time: 1000,
    locations: [],
    seats: [seat('s1'), seat('s2')],
    tickets: [ticket('a1'), ticket('a2', { arrived_at: 90 })],
    today: {
      taken: 2,
      waiting: 2,
      serving: 0,
      completed: 0,
      abandoned: 0,
      expired: 0,
      longest_wait_s: null,
      median_wait_s: null,
      ratings: [0, 0, 0, 0, 0],
      parked: 0,
      p90_wait_s: null,
      gini: null,
      alerts: [],
      policy: '',
      identity_overrides: 0,
    },
    ...over,
  }
}

function update(over: Partial<WallUpdated> = {}): WallUpdated {
  return {
    type: 'wall.updated',
    seq: 11,
    prev_seq: 10,
    server_time: 1001,
    locations: [],
    seats: [],
    tickets: [],
    tickets_gone: [],
    today: null,
    ...over,
  }
}

describe('patchBoard', () => {
  it('takes a reset whole, even one with a smaller seq: the server started anew', () => {
    const view = board({ seq: 3 })
    expect(patchBoard(board(), { type: 'wall.reset', view })).toEqual({ board: view, gap: false })
  })

  it('replaces only the rows that changed and keeps the others as they are', () => {
    const before = board()
    const { board: after, gap } = patchBoard(
      before,
      update({ seats: [seat('s2', { state: 'in_call' })] }),
    )
    expect(gap).toBe(false)
    expect(after?.seq).toBe(11)
    expect(after?.seats[0]).toBe(before.seats[0])
    expect(after?.seats[1]?.state).toBe('in_call')
    expect(after?.tickets[0]).toBe(before.tickets[0])
    expect(after?.today).toBe(before.today)
  })

  it('adds new tickets and removes those that are gone', () => {
    const { board: after } = patchBoard(
      board(),
      update({ tickets: [ticket('a3')], tickets_gone: ['a1'] }),
    )
    expect(after?.tickets.map((row) => row.id)).toEqual(['a2', 'a3'])
  })

  it('reports a gap and changes nothing when an update was missed', () => {
    const before = board()
    expect(patchBoard(before, update({ prev_seq: 11, seq: 12 }))).toEqual({
      board: before,
      gap: true,
    })
  })

  it('passes over an update that a reset already holds', () => {
    const before = board({ seq: 12 })
    expect(patchBoard(before, update({ prev_seq: 10, seq: 11 }))).toEqual({
      board: before,
      gap: false,
    })
  })

  it('reports a gap for an update or a tick before any board', () => {
    expect(patchBoard(null, update()).gap).toBe(true)
    expect(patchBoard(null, { type: 'wall.ticked', seq: 10, server_time: 1 }).gap).toBe(true)
  })

  it('finds a missed update by the tick alone', () => {
    expect(patchBoard(board(), { type: 'wall.ticked', seq: 10, server_time: 1 }).gap).toBe(false)
    expect(patchBoard(board(), { type: 'wall.ticked', seq: 11, server_time: 1 }).gap).toBe(true)
  })

  it('ends at the same rows as a reset after any run of updates', () => {
    let shown: WallView | null = board()
    const updates = [
      update({ tickets: [ticket('a3')] }),
      update({ prev_seq: 11, seq: 12, tickets: [ticket('a1', { state: 'serving', seat_id: 's1' })] }),
      update({ prev_seq: 12, seq: 15, tickets_gone: ['a2'], seats: [seat('s1', { state: 'in_call' })] }),
    ]
    for (const event of updates) shown = patchBoard(shown, event).board
    expect(shown).toEqual(
      board({
        seq: 15,
        server_time: 1001,
        tickets: [ticket('a1', { state: 'serving', seat_id: 's1' }), ticket('a3')],
        seats: [seat('s1', { state: 'in_call' }), seat('s2')],
      }),
    )
  })
})

describe('waitingLine', () => {
  it('puts the longest wait first and leaves out who is being served', () => {
    const line = waitingLine([
      ticket('b', { arrived_at: 50 }),
      ticket('c', { arrived_at: 10, state: 'serving' }),
      ticket('d', { arrived_at: 20, state: 'offered' }),
      ticket('a', { arrived_at: 50 }),
    ])
    expect(line.map((row) => row.id)).toEqual(['d', 'a', 'b'])
  })
})

it('the parked come in the order in which their time is up', () => {
  const parked = (id: string, parked_until: number): WallTicket => ticket(id, { state: 'parked', parked_until })
  const line = [parked('late', 90), ticket('waits'), parked('soon', 20)]
  expect(parkedLine(line).map((one) => one.id)).toEqual(['soon', 'late'])
  expect(waitingLine(line).map((one) => one.id)).toEqual(['waits'])
})

it('the most pressing alerts are shown, the oldest of a kind first, an unknown kind last', () => {
  const alert = (kind: string, since: number): WallAlert => ({ kind, since, ticket_number: null, location_id: null, seat_id: null })
  const all = [alert('new_kind', 1), alert('long_wait', 5), alert('unmatched', 9), alert('long_wait', 3)]
  expect(mostPressing(all, 3).map((one) => [one.kind, one.since])).toEqual([
    ['unmatched', 9],
    ['long_wait', 3],
    ['long_wait', 5],
  ])
  expect(mostPressing(all, 9).at(-1)?.kind).toBe('new_kind')
})
