import { describe, expect, it } from 'vitest'
import { call, consult, deskView, identity, ticket, views } from '../testing/desk_views'
import { pageTitle, spokenChange } from './announce'
import { callNotice, qualityOf } from './call_notice'
import { needsStage } from './conversation'
import { NewestView } from './newest_view'
import { newsBetween } from './news'
import { callAtHand, checkAtHand, noteOf, ringOf, visitOf, wantsCamera, type Work, workOf } from './work'

const works = Object.keys(views) as Work[]

describe('workOf', () => {
  it.each(works)('knows %s from the view alone', (work) => {
    expect(workOf(views[work])).toBe(work)
  })

  it('stays with a call although the agent asked for a break after it', () => {
    expect(workOf(deskView({ ...views.call, status: 'on_break', break_reason: 'meal' }))).toBe('call')
  })

  it('is over with a call that has ended', () => {
    expect(workOf(deskView({ call: { ...call, state: 'ended' } }))).toBe('idle')
  })
})

describe('ringOf', () => {
  it('gives offer and ticket only while it rings', () => {
    expect(ringOf(views.ringing)?.ticket.number).toBe('A012')
    for (const work of works.filter((one) => one !== 'ringing')) expect(ringOf(views[work])).toBeNull()
    expect(ringOf(null)).toBeNull()
  })
})

describe('the check at hand', () => {
  const checked = { ...ticket, identity }
  const inCall = deskView({ ...views.call, ticket: checked })
  const wrapUp = views.wrap_up.wrap_up!
  const wrappingUp = deskView({ ...views.wrap_up, wrap_up: { ...wrapUp, identity } })

  it('is the same in the call and in its wrap-up, with an end in the latter', () => {
    expect(checkAtHand(inCall)).toEqual({ callId: 'c1', number: 'A012', identity, until: null })
    expect(checkAtHand(wrappingUp)).toEqual({ callId: 'c1', number: 'A012', identity, until: 400 })
  })

  it('is there although nothing was asked', () => {
    expect(checkAtHand(views.call)?.identity).toBeNull()
    expect(checkAtHand(views.wrap_up)?.identity).toBeNull()
  })

  it('went on with a resident who was handed over', () => {
    const handedOver = deskView({ ...views.wrap_up, wrap_up: { ...wrapUp, may_decide: false } })
    expect(checkAtHand(handedOver)).toBeNull()
    expect(callAtHand(handedOver)).toBe('c1')
  })

  it.each(['idle', 'break', 'ringing'] as const)('is not there in %s', (work) => {
    expect(checkAtHand(views[work])).toBeNull()
    expect(callAtHand(views[work])).toBeNull()
  })

  it('is the host\'s, not the guest\'s', () => {
    expect(checkAtHand(deskView({ ...inCall, consult: { ...consult, state: 'joined' } }))).toBeNull()
  })
})

describe('a colleague\'s call', () => {
  const asked = deskView({ ...views.ringing, offer: null, state: 'reserved', consult })
  const there = deskView({ ...views.call, consult: { ...consult, state: 'joined' }, call: { ...call, id: 'i1' } })
  const mine = deskView({ ...views.call, consult: null, call: { ...call, id: 'i1' } })

  it('rings like a ticket, and says who asks', () => {
    expect(workOf(asked)).toBe('ringing')
    expect(ringOf(asked)).toMatchObject({ offer: { id: 'i1', expires_at: 120 }, invitation: { seat_name: '1号云窗口' } })
    expect(ringOf(views.ringing)?.invitation).toBeNull()
  })

  it('does not ring at the desk that asks', () => {
    const host = deskView({ ...views.call, consult: { ...consult, host: true } })
    expect(workOf(host)).toBe('call')
    expect(ringOf(host)).toBeNull()
    expect(visitOf(host)).toBeNull()
  })

  it('is a visit, without notes of one\'s own, until it is handed over', () => {
    expect(workOf(there)).toBe('call')
    expect(visitOf(there)?.id).toBe('i1')
    expect(noteOf(there)).toBeNull()
    expect(visitOf(mine)).toBeNull()
    expect(noteOf(mine)?.callId).toBe('i1')
  })

  it('says when it is one\'s own, and when it is over', () => {
    expect(newsBetween(there, mine, false)).toBe('call_is_yours')
    expect(newsBetween(there, views.idle, false)).toBe('visit_over')
    expect(newsBetween(there, views.idle, true)).toBeNull()
  })
})

describe('the camera', () => {
  it('is warm before a ring, open for the check before work, and dark on a break', () => {
    expect(wantsCamera(views.idle)).toBe(true)
    expect(wantsCamera(views.ringing)).toBe(true)
    expect(wantsCamera(deskView({ status: 'on_break', break_reason: 'preparing' }))).toBe(true)
    expect(wantsCamera(views.break)).toBe(false)
    expect(wantsCamera(null)).toBe(false)
  })

  it('stays open in a call whose agent has asked for a break', () => {
    expect(wantsCamera(deskView({ ...views.call, status: 'on_break', break_reason: 'meal' }))).toBe(true)
  })
})

it('the stage exists from the ring on, so that the first frame finds it', () => {
  expect(works.filter((work) => needsStage(views[work]))).toEqual(['ringing', 'call'])
})

describe('noteOf', () => {
  it('belongs to the running call, then to its wrap-up', () => {
    expect(noteOf(deskView({ ...views.call, note: 'during' }))).toEqual({ callId: 'c1', text: 'during' })
    expect(noteOf(views.wrap_up)).toEqual({ callId: 'c1', text: 'kept' })
    expect(noteOf(views.idle)).toBeNull()
  })
})

describe('NewestView', () => {
  it('drops a view that was overtaken', () => {
    const newest = new NewestView()
    expect(newest.accepts(deskView({ seq: 5 }))).toBe(true)
    expect(newest.accepts(deskView({ seq: 4 }))).toBe(false)
    expect(newest.accepts(deskView({ seq: 5 }))).toBe(true)
  })

  it('counts anew on a new connection', () => {
    const newest = new NewestView()
    newest.accepts(deskView({ seq: 5 }))
    newest.begin()
    expect(newest.accepts(deskView({ seq: 2 }))).toBe(true)
  })
})

describe('newsBetween', () => {
  it('tells of a ring that was withdrawn and a call that fell through', () => {
    expect(newsBetween(views.ringing, views.idle, false)).toBe('ring_withdrawn')
    expect(newsBetween(views.call, views.idle, false)).toBe('call_fell_through')
    expect(newsBetween(views.call, views.break, false)).toBe('call_fell_through')
  })

  it('tells of a wrap-up whose time was up before anybody decided', () => {
    const wrapUp = deskView({ ...views.wrap_up, wrap_up: { ...views.wrap_up.wrap_up!, identity } })
    for (const next of [views.idle, views.break, views.ringing]) {
      expect(newsBetween(wrapUp, next, false)).toBe('left_undecided')
      expect(newsBetween(wrapUp, next, true)).toBeNull()
      expect(newsBetween(views.wrap_up, next, false)).toBeNull()
    }
    expect(newsBetween(wrapUp, wrapUp, false)).toBeNull()
  })

  it('does not tell agents what they did themselves, nor what the screen says anyway', () => {
    expect(newsBetween(views.ringing, views.idle, true)).toBeNull()
    expect(newsBetween(views.call, views.wrap_up, false)).toBeNull()
    expect(newsBetween(views.ringing, views.break, false)).toBeNull()
    expect(newsBetween(null, views.idle, false)).toBeNull()
  })
})

describe('callNotice', () => {
  it('says nothing while picture and sound flow', () => {
    expect(callNotice(call, 'flowing', true)).toBeNull()
  })

  it('waits for the first picture', () => {
    const connecting = { ...call, state: 'connecting', connected_at: null } as const
    expect(callNotice(connecting, 'building', false)).toEqual({ kind: 'connecting' })
    expect(callNotice(connecting, 'ready', false)).toEqual({ kind: 'connecting' })
  })

  it('counts down for a resident who dropped out', () => {
    const away = { ...call, peer_present: false, away_deadline: 390 }
    expect(callNotice(away, 'stalled', true)).toEqual({ kind: 'resident_away', deadline: 390 })
  })

  it('does not call somebody away whose picture still flows: only the server lost them', () => {
    expect(callNotice({ ...call, peer_present: false }, 'flowing', true)).toBeNull()
  })

  it('says that a line is being mended, and that sound goes on without a picture', () => {
    expect(callNotice(call, 'stalled', true)).toEqual({ kind: 'reconnecting' })
    expect(callNotice(call, 'building', false)).toEqual({ kind: 'reconnecting' })
    expect(callNotice(call, 'flowing', false)).toEqual({ kind: 'sound_only' })
  })
})

describe('qualityOf', () => {
  it.each([
    [{ kbps: 2400, rttMs: 20, lossPct: 0 }, 'good'],
    [{ kbps: 2400, rttMs: null, lossPct: 0 }, 'good'],
    [{ kbps: 200, rttMs: 20, lossPct: 0 }, 'good'],
    [{ kbps: 2400, rttMs: 20, lossPct: 4 }, 'fair'],
    [{ kbps: 2400, rttMs: 300, lossPct: 0 }, 'fair'],
    [{ kbps: 400, rttMs: 20, lossPct: 0, width: 480, height: 270 }, 'fair'],
    [{ kbps: 2400, rttMs: 20, lossPct: 12 }, 'poor'],
    [{ kbps: 60, rttMs: 20, lossPct: 0, width: 240, height: 135 }, 'poor'],
  ])('judges %o as %s', (stats, quality) => {
    expect(qualityOf({ width: 1280, height: 720, ...stats })).toBe(quality)
  })
})

describe('what the page says of itself', () => {
  it('names the number and blinks while it rings', () => {
    expect(pageTitle(views.ringing, 2)).toEqual({
      key: 'title.ringing',
      params: { number: 'A012' },
      marked: true,
    })
    expect(pageTitle(views.ringing, 3).marked).toBe(false)
    expect(pageTitle(views.call, 2).marked).toBe(false)
    expect(pageTitle(null, 2).key).toBeNull()
  })

  it('speaks of the ticket, not of the person', () => {
    const { key, number, item } = spokenChange(views.ringing)
    expect([key, number, item?.code]).toEqual(['say.ringing', ticket.number, ticket.item.code])
  })
})
