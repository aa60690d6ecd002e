import { describe, expect, it } from 'vitest'
import type { Component } from 'vue'
import HomeScreen from '../src/screens/HomeScreen.vue'
import ItemSheet from '../src/screens/ItemSheet.vue'
import { item } from './catalogue_fixture'
import { show, type Stage } from './stage'
import { view } from './view_fixture'

const NINE = Date.UTC(2026, 10, 23, 1, 0) / 1000
const hours = { open: false, opens_at: NINE, last_ticket_at: NINE + 7 * 3600, closes_at: NINE + 8 * 3600 }

async function at(screen: Component, time: number, props: object = {}): Promise<Stage> {
  const stage = show(screen, props, time)
  stage.view.value = view({ hours })
  await stage.settle()
  return stage
}

describe('a closed hall', () => {
  it('says when it opens by the clock of the place, and offers nobody a number', async () => {
    const stage = await at(HomeScreen, NINE - 60)
    expect(stage.part('closed')?.textContent).toContain('上午9:00开始办理')
    expect(stage.part('help')).toBeNull()
    expect(stage.part('code')).toBeNull()
    expect(stage.part('search')).not.toBeNull()
  })

  it('keeps the codes after the last ticket', async () => {
    const stage = await at(HomeScreen, NINE + 7.5 * 3600)
    expect(stage.part('closed')?.textContent).toContain('下午4:00')
    expect(stage.part('code')).not.toBeNull()
  })

  it('that has opened says until when, and warns near the end', async () => {
    const stage = await at(HomeScreen, NINE + 3600)
    expect(stage.part('until')?.textContent).toContain('下午4:00')
    expect(stage.part('help')).not.toBeNull()
    const late = await at(HomeScreen, NINE + 6.8 * 3600)
    expect(late.part('hurry')?.textContent).toContain('下午4:00')
  })

  it('shows what to prepare, but takes nobody in', async () => {
    const choice = { item: item({ code: 'id1' }), opId: 'op' }
    const stage = await at(ItemSheet, NINE - 60, { choice })
    expect(stage.part('take')?.textContent).toContain('上午9:00开始取号')
    expect((stage.part('take') as HTMLButtonElement).disabled).toBe(true)
    expect(stage.part('green-elderly')).toBeNull()
  })
})

describe('the green channel', () => {
  it('is chosen and taken back on the item, and goes with the ticket', async () => {
    const choice = { item: item({ code: 'id1' }), opId: 'op' }
    const stage = show(ItemSheet, { choice })
    await stage.press('[data-testid="green-elderly"]')
    expect(stage.part('take')?.textContent).toContain('老人优先')
    await stage.press('[data-testid="green-elderly"]')
    expect(stage.part('take')?.textContent).not.toContain('优先')
    await stage.press('[data-testid="green-military"]')
    await stage.press('[data-testid="take"]')
    expect(stage.sent).toMatchObject([{ type: 'ticket.take', item_code: 'id1', green: 'military' }])
  })

  it('costs nobody a touch who does not need it', async () => {
    const choice = { item: item({ code: 'id1' }), opId: 'op' }
    const stage = show(ItemSheet, { choice })
    await stage.press('[data-testid="take"]')
    expect(stage.sent).toMatchObject([{ type: 'ticket.take', item_code: 'id1', green: null }])
  })

  it('is asked for once on the first screen, and goes with one touch for help', async () => {
    const stage = show(HomeScreen)
    await stage.press('[data-testid="green"]')
    await stage.press('[data-testid="green-pregnant"]')
    expect(stage.part('green-sheet')).toBeNull()
    expect(stage.part('green')?.textContent).toContain('孕妇优先')
    await stage.press('[data-testid="green"]')
    await stage.press('[data-testid="green-none"]')
    expect(stage.visits.visit.green).toBeNull()
  })

  it('leads to words for every refusal', async () => {
    const choice = { item: item({ code: 'id1' }), opId: 'op' }
    for (const [code, words] of [
      ['location_closed', '不是取号时间'],
      ['last_ticket_gone', '取号时间过了'],
      ['cap_reached', '号已经取完'],
      ['item_unknown', '不能办理'],
      ['never_heard_of', '没有办成'],
    ] as const) {
      const stage = show(ItemSheet, { choice })
      stage.refuses = code
      await stage.press('[data-testid="take"]')
      expect(stage.element.querySelector('[role="alert"]')?.textContent).toContain(words)
    }
  })
})
