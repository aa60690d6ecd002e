import type { KioskView, TicketEndReason } from '@xiaowu/wire'
import { describe, expect, it } from 'vitest'
import { createTexts } from '../src/i18n'
import { partingAt, partingMs } from '../src/parting'
import { ticket, view } from './view_fixture'

const CODE = { code: '48200319', valid_until: 9 }
const ended = (reason: TicketEndReason | null, part: Partial<KioskView> = {}): KioskView =>
  view({ last_end: reason, ...part })

describe('the last that is said', () => {
  it('names the number of whoever was away when it ended', () => {
    const before = view({ phase: 'parked', ticket: ticket({ number: 'A012' }) })
    expect(partingAt(ended('not_present'), before)).toEqual({
      reason: 'not_present', number: 'A012', returnCode: null,
    })
  })

  it('is thanks after a rating, even when the server no longer tells', () => {
    expect(partingAt(ended(null), view({ phase: 'rating' }))?.reason).toBe('served')
    expect(partingAt(ended(null), view({ phase: 'waiting' }))).toBeNull()
  })

  it('keeps a return code in sight that the server has taken back', () => {
    const before = view({ phase: 'rating', return_code: CODE })
    expect(partingAt(ended('served'), before)?.returnCode).toEqual(CODE)
    expect(partingAt(ended('served', { return_code: CODE }), view({}))?.returnCode).toEqual(CODE)
  })

  it('on a page that was just loaded is only what nobody can have seen', () => {
    expect(partingAt(ended('stayed_away'), null)?.reason).toBe('stayed_away')
    expect(partingAt(ended('served'), null)).toBeNull()
    expect(partingAt(ended(null), null)).toBeNull()
  })

  it('stays longer for who has to copy a code, and longest for who is not there', () => {
    const [glance, copy, absent] = [
      partingMs({ reason: 'served', number: null, returnCode: null }),
      partingMs({ reason: 'served', number: null, returnCode: CODE }),
      partingMs({ reason: 'not_present', number: null, returnCode: null }),
    ]
    expect(glance).toBeLessThan(copy)
    expect(copy).toBeLessThan(absent)
  })

  it('has words for every end', () => {
    const { global } = createTexts(['zh'])
    const every: Record<TicketEndReason, true> = {
      served: true, resident_left: true, kiosk_lost: true, media_failed: true,
      service_closed: true, not_present: true, stayed_away: true,
    }
    for (const reason of Object.keys(every)) {
      expect(global.te(`farewell.${reason}`)).toBe(true)
      expect(global.te(`farewell.${reason}_lead`)).toBe(true)
    }
  })
})
