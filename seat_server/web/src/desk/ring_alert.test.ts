import { describe, expect, it, vi } from 'vitest'
import { deskView, views } from '../testing/desk_views'
import { RingAlert } from './ring_alert'
import { ringOf } from './work'

function start() {
  const silence = vi.fn()
  const takeAway = vi.fn()
  const sound = vi.fn(() => silence)
  const notify = vi.fn(() => takeAway)
  return { alert: new RingAlert({ sound, notify }), sound, notify, silence, takeAway }
}

const first = ringOf(views.ringing)
const second = ringOf(
  deskView({ ...views.ringing, offer: { id: 'c2', epoch: 2, offered_at: 300, expires_at: 320 } }),
)

describe('RingAlert', () => {
  it('rings once for one offer, however many views speak of it', () => {
    const { alert, sound, notify } = start()
    alert.follow(first)
    alert.follow(first)
    expect(sound).toHaveBeenCalledOnce()
    expect(notify).toHaveBeenCalledOnce()
  })

  it('is silent the moment the offer is over', () => {
    const { alert, silence, takeAway } = start()
    alert.follow(first)
    alert.follow(null)
    expect(silence).toHaveBeenCalledOnce()
    expect(takeAway).toHaveBeenCalledOnce()
  })

  it('rings anew for the next offer and ends the one before', () => {
    const { alert, sound, silence } = start()
    alert.follow(first)
    alert.follow(second)
    expect(silence).toHaveBeenCalledOnce()
    expect(sound).toHaveBeenCalledTimes(2)
  })

  it('may be stopped at any time', () => {
    const { alert, silence } = start()
    alert.stop()
    alert.follow(first)
    alert.stop()
    alert.stop()
    expect(silence).toHaveBeenCalledOnce()
  })
})
