import { describe, expect, it } from 'vitest'
import CodeScreen from '../src/screens/CodeScreen.vue'
import { show, type Stage } from './stage'
import { view } from './view_fixture'

const GOOD = '48200319'
const WRONG = '48200310'

async function type(stage: Stage, digits: string): Promise<void> {
  for (const digit of digits) await stage.press(`[data-digit="${digit}"]`)
}
const says = (stage: Stage): string => stage.part('code-says')?.textContent?.trim() ?? ''
const takes = (stage: Stage): object[] => stage.sent.filter((message) => message.type === 'ticket.take')

describe('the number pad', () => {
  it('joins the line with the last right digit, and sends nothing before', async () => {
    const stage = show(CodeScreen)
    await type(stage, GOOD.slice(0, -1))
    expect(stage.sent).toEqual([])
    await type(stage, GOOD.slice(-1))
    expect(takes(stage)).toEqual([
      { type: 'ticket.take', op_id: expect.any(String) as string, language: 'zh', green: null, code: GOOD },
    ])
  })

  it('carries the right to go first along', async () => {
    const stage = show(CodeScreen)
    stage.visits.visit.green = 'elderly'
    await type(stage, GOOD)
    expect(takes(stage)).toMatchObject([{ green: 'elderly' }])
  })

  it('finds a slip of the finger itself, without asking anybody', async () => {
    const stage = show(CodeScreen)
    await type(stage, WRONG)
    expect(stage.sent).toEqual([])
    expect(says(stage)).toContain('号码不对')
    await stage.press('[data-testid="code-delete"]')
    expect(says(stage)).toBe('')
    await type(stage, '9')
    expect(takes(stage)).toMatchObject([{ code: GOOD }])
  })

  it('takes no ninth digit', async () => {
    const stage = show(CodeScreen)
    await type(stage, WRONG)
    expect(stage.element.querySelector<HTMLButtonElement>('[data-digit="1"]')?.disabled).toBe(true)
    window.dispatchEvent(new KeyboardEvent('keydown', { key: '1' }))
    expect(stage.visits.visit.code).toBe(WRONG)
  })

  it('hears a keyboard as well', async () => {
    const stage = show(CodeScreen)
    for (const key of ['4', '8', 'x', '3', 'Backspace']) window.dispatchEvent(new KeyboardEvent('keydown', { key }))
    await stage.settle()
    expect(stage.visits.visit.code).toBe('48')
  })

  it.each([
    ['code_unknown', '没有找到'],
    ['code_used', '用过了'],
    ['code_expired', '过了有效期'],
    ['code_too_early', '不是今天'],
    ['code_elsewhere', '别的点位'],
  ])('says why a code is refused: %s', async (code, words) => {
    const stage = show(CodeScreen)
    stage.refuses = code
    await type(stage, GOOD)
    expect(says(stage)).toContain(words)
    expect(stage.part('code-send')).toBeNull()
  })

  it('can try again what was not answered, as the same intention', async () => {
    const stage = show(CodeScreen)
    stage.refuses = 'too_many_messages'
    await type(stage, GOOD)
    stage.refuses = null
    await stage.press('[data-testid="code-send"]')
    const [first, second] = stage.sent as { op_id: string }[]
    expect(second?.op_id).toBe(first?.op_id)
  })

  it('is a new intention with other digits', async () => {
    const stage = show(CodeScreen)
    stage.refuses = 'code_unknown'
    await type(stage, GOOD)
    await stage.press('[data-testid="code-clear"]')
    await type(stage, GOOD)
    const [first, second] = stage.sent as { op_id: string }[]
    expect(second?.op_id).not.toBe(first?.op_id)
  })

  it('waits for the line to the hall', async () => {
    const stage = show(CodeScreen)
    stage.status.value = 'offline'
    await type(stage, GOOD)
    expect(stage.sent).toEqual([])
    stage.status.value = 'online'
    await stage.settle()
    await stage.press('[data-testid="code-send"]')
    expect(takes(stage)).toHaveLength(1)
  })

  it('serves a code after the last ticket of the day, and none in a closed hall', async () => {
    const stage = show(CodeScreen, {}, 50)
    stage.view.value = view({ hours: { open: false, opens_at: 0, last_ticket_at: 40, closes_at: 60 } })
    await stage.settle()
    await type(stage, GOOD)
    expect(takes(stage)).toHaveLength(1)

    const closed = show(CodeScreen)
    closed.view.value = view({ hours: { open: false, opens_at: null, last_ticket_at: null, closes_at: null } })
    await closed.settle()
    await type(closed, GOOD)
    expect(takes(closed)).toHaveLength(0)
    expect(says(closed)).toContain('不是取号时间')
  })
})
