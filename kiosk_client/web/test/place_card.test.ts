import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, h, shallowRef, type ShallowRef } from 'vue'
import type { KioskTicket } from '@xiaowu/wire'
import PlaceCard from '../src/components/PlaceCard.vue'
import { show, type Stage } from './stage'
import { ticket } from './view_fixture'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const IN_LINE = ticket({
  ahead: 3,
  windows_open: 4,
  before: [
    { why: 'earlier', count: 2 },
    { why: 'green', count: 1 },
  ],
  wait: { low_s: 310, high_s: 690, at: 0 },
})

function card(first: KioskTicket): { stage: Stage; shown: ShallowRef<KioskTicket> } {
  const shown = shallowRef(first)
  const screen = defineComponent({
    setup: () => () => h(PlaceCard, { ticket: shown.value, stage: 'waiting', sentence: '请坐下等。' }),
  })
  return { stage: show(screen), shown }
}
const text = (stage: Stage, testid: string): string | undefined => stage.part(testid)?.textContent?.trim()
async function tick(stage: Stage, seconds: number): Promise<void> {
  stage.time += seconds
  vi.advanceTimersByTime(500)
  await stage.settle()
}

describe('the place in the line', () => {
  it('says how many, why, and how long', () => {
    const { stage } = card(IN_LINE)
    expect(text(stage, 'ahead')).toContain('3')
    expect(text(stage, 'before')).toBe('2 位比您先到，1 位是绿色通道优先')
    expect(text(stage, 'wait')).toBe('大约还要等 5–12 分钟')
    expect(text(stage, 'windows')).toContain('4 个')
  })

  it('says in one word that all of them came earlier', () => {
    const { stage } = card({ ...IN_LINE, before: [{ why: 'earlier', count: 3 }] })
    expect(text(stage, 'before')).toBe('都比您先到')
  })

  it('invents no wait where no window can serve it', () => {
    const { stage } = card({ ...IN_LINE, wait: null })
    expect(stage.part('wait')).toBeNull()
    expect(text(stage, 'windows')).toContain('办不了这件事')
    expect(text(card({ ...IN_LINE, wait: null, windows_open: 0 }).stage, 'windows')).toContain('没有窗口')
  })

  it('goes forward when the line does', async () => {
    const { stage, shown } = card(IN_LINE)
    await tick(stage, 2)
    shown.value = { ...IN_LINE, ahead: 0, before: [], wait: { low_s: 5, high_s: 40, at: 2 } }
    await stage.settle()
    expect(text(stage, 'ahead')).toBe('您是下一位')
    expect(text(stage, 'wait')).toBe('很快就到您')
  })

  it('keeps what was told last while the hall cannot be reached', async () => {
    const { stage } = card(IN_LINE)
    stage.status.value = 'offline'
    await tick(stage, 900)
    expect(text(stage, 'wait')).toBe('大约还要等 5–12 分钟')
    stage.status.value = 'online'
    await tick(stage, 1)
    expect(text(stage, 'wait')).toContain('比平时慢')
  })

  it('shows the right to go first and the lane only as the queue says it', () => {
    const plain = card(IN_LINE).stage
    expect([plain.part('green-badge'), plain.part('lane-badge')]).toEqual([null, null])
    const { stage } = card({ ...IN_LINE, green: 'elderly', lane: 'returned' })
    expect(text(stage, 'green-badge')).toContain('老人优先')
    expect(text(stage, 'lane-badge')).toContain('回头号')
  })
})
