import type { WallSeat } from '@xiaowu/wire'
import { describe, expect, it } from 'vitest'
import { figureOf, kioskPlace } from '../place_name'
import { rowsThatFit } from './fit'
import { countTones, goodShare, isOutTooLong, LONG_BREAK_S, LONG_WRAP_UP_S, seatFace } from './seat_face'

function seat(over: Partial<WallSeat>): WallSeat {
  return {
    id: 's',
    name: '7号云窗口',
    agent_name: '坐席07',
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

describe('seatFace', () => {
  it.each([
    [{}, 'free'],
    [{ state: 'reserved' }, 'ringing'],
    [{ state: 'in_call' }, 'in_call'],
    [{ state: 'wrap_up' }, 'wrap_up'],
    [{ status: 'on_break' }, 'on_break'],
    [{ status: 'offline' }, 'offline'],
    [{ status: 'on_break', state: 'in_call' }, 'in_call'],
    [{ status: 'on_break', state: 'wrap_up' }, 'wrap_up'],
    [{ state: 'in_call', away: true }, 'away'],
    [{ status: 'offline', away: true }, 'offline'],
  ] as const)('shows %o as %s', (over, tone) => {
    expect(seatFace(seat(over)).tone).toBe(tone)
  })

  it('gives every tone an icon of its own: colour is never the only cue', () => {
    const seats = [
      seat({}),
      seat({ state: 'reserved' }),
      seat({ state: 'in_call' }),
      seat({ state: 'wrap_up' }),
      seat({ status: 'on_break' }),
      seat({ status: 'offline' }),
      seat({ away: true }),
    ]
    expect(new Set(seats.map((one) => seatFace(one).icon)).size).toBe(seats.length)
    expect(Object.values(countTones(seats))).toEqual([1, 1, 1, 1, 1, 1, 1])
  })
})

it('a seat is out too long by the measure of its state', () => {
  expect(isOutTooLong('on_break', LONG_BREAK_S - 1)).toBe(false)
  expect(isOutTooLong('on_break', LONG_BREAK_S)).toBe(true)
  expect(isOutTooLong('wrap_up', LONG_WRAP_UP_S)).toBe(true)
  expect(isOutTooLong('in_call', 99_999)).toBe(false)
})

describe('goodShare', () => {
  it('is the share of fours and fives among all who rated', () => {
    expect(goodShare([1, 0, 4, 22, 96])).toEqual({ percent: 96, rated: 123 })
  })

  it('says nothing when nobody rated', () => {
    expect(goodShare([0, 0, 0, 0, 0])).toBeNull()
  })
})

describe('rowsThatFit', () => {
  it('shows all that fit, or keeps one place to say how many more', () => {
    expect(rowsThatFit(10, 10)).toBe(10)
    expect(rowsThatFit(11, 10)).toBe(9)
    expect(rowsThatFit(0, 10)).toBe(0)
    expect(rowsThatFit(3, 0)).toBe(0)
  })
})

describe('names of places', () => {
  const location = { id: 'qinghe', name: '青河镇', name_en: 'Qinghe Town', time_zone: 'Asia/Shanghai' }

  it('do not say the location twice', () => {
    expect(kioskPlace(location, '青河镇1号晓屋')).toBe('青河镇1号晓屋')
    expect(kioskPlace(location, '大厅晓屋')).toBe('青河镇 · 大厅晓屋')
  })

  it('give their number', () => {
    expect(figureOf('17号云窗口')).toBe('17')
    expect(figureOf('总台')).toBeNull()
  })
})
