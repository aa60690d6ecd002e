import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import ParkedScreen from '../src/screens/ParkedScreen.vue'
import { show, type Stage } from './stage'
import { ticket } from './view_fixture'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const away = (until: number): Stage =>
  show(ParkedScreen, { ticket: ticket({ state: 'parked', parked_because: 'stepped_away', parked_until: until }) })
const missed = (recalls_left: number): Stage =>
  show(ParkedScreen, {
    ticket: ticket({ state: 'parked', parked_because: 'no_show', parked_until: 60, recalls_left }),
  })
async function pass(stage: Stage, seconds: number): Promise<void> {
  for (let half = 0; half < seconds * 2; half++) {
    stage.time += 0.5
    vi.advanceTimersByTime(500)
    await stage.settle()
  }
}

describe('a number that is kept', () => {
  it('counts down in sight and is heard when the time gets short', async () => {
    const stage = away(600)
    expect(stage.part('parked-left')?.textContent).toBe('10:00')
    await pass(stage, 470)
    expect([stage.part('parked-left')?.textContent, stage.chimes.value]).toEqual(['2:10', 0])
    await pass(stage, 75)
    expect(stage.chimes.value).toBe(2)
    expect(stage.element.textContent).toContain('马上回来')
    await pass(stage, 60)
    expect(stage.part('parked-left')?.textContent).toBe('时间到了')
  })

  it('is taken back with one touch', async () => {
    const stage = away(600)
    await stage.press('[data-testid="come-back"]')
    expect(stage.sent).toMatchObject([{ type: 'ticket.come_back', ticket_id: 't1' }])
  })

  it('asks how things stand when coming back is refused, and may be tried again', async () => {
    const stage = away(600)
    stage.refuses = 'transition_refused'
    await stage.press('[data-testid="come-back"]')
    expect(stage.sent.map((message) => message.type)).toEqual(['ticket.come_back', 'view.sync'])
    stage.refuses = null
    await stage.press('[data-testid="come-back"]')
    expect(stage.sent).toHaveLength(3)
  })

  it('that was called in vain says so, chimes, and tells how often it is called still', () => {
    const stage = missed(1)
    expect(stage.chimes.value).toBe(1)
    expect(stage.element.textContent).toContain('没有看到您')
    expect(stage.part('recalls-left')?.textContent).toContain('2 次')
    expect(missed(0).part('recalls-left')?.textContent).toContain('最后一次')
  })
})
