import type { ServiceHours } from '@xiaowu/wire'
import { describe, expect, it } from 'vitest'
import { openingAt } from '../src/hours'

const [OPENS, LAST, CLOSES] = [900, 1_630, 1_700]
const day = (open: boolean, part: Partial<ServiceHours> = {}): ServiceHours => ({
  open,
  opens_at: OPENS,
  last_ticket_at: LAST,
  closes_at: CLOSES,
  ...part,
})
const always: ServiceHours = { open: true, opens_at: null, last_ticket_at: null, closes_at: null }

describe('the hall', () => {
  it('without hours is always open', () => {
    expect(openingAt(always, 5)).toEqual({ state: 'open', until: null })
  })

  it('says when it opens, and turns open with the clock', () => {
    expect(openingAt(day(false), 899)).toEqual({ state: 'before', opensAt: OPENS })
    expect(openingAt(day(false), 900)).toEqual({ state: 'open', until: LAST })
  })

  it('gives no tickets after the last one, though it serves those who wait', () => {
    expect(openingAt(day(true), 1_629)).toEqual({ state: 'open', until: LAST })
    expect(openingAt(day(true), 1_630)).toEqual({ state: 'last_taken', lastTicketAt: LAST })
    expect(openingAt(day(false, { opens_at: null }), 1_650)).toEqual({ state: 'last_taken', lastTicketAt: LAST })
    expect(openingAt(day(true), 1_700)).toEqual({ state: 'closed' })
  })

  it('that names no last ticket gives them until it closes', () => {
    expect(openingAt(day(true, { last_ticket_at: null }), 1_650)).toEqual({ state: 'open', until: CLOSES })
    expect(openingAt(day(true, { last_ticket_at: null }), 1_700)).toEqual({ state: 'closed' })
  })

  it('that is open from midnight to midnight does not say until when', () => {
    const hours: ServiceHours = { open: true, opens_at: 0, last_ticket_at: 86_400, closes_at: 86_400 }
    expect(openingAt(hours, 5)).toEqual({ state: 'open', until: null })
    expect(openingAt(hours, 86_400)).toEqual({ state: 'closed' })
  })

  it('is closed on a day without hours', () => {
    expect(openingAt({ ...always, open: false }, 5)).toEqual({ state: 'closed' })
  })
})
