import type { Colleague } from '@xiaowu/wire'
import { describe, expect, it } from 'vitest'
import { addressOf, choicesFor, type TransferTarget } from './transfer'

function colleague(seat_id: string, over: Partial<Colleague> = {}): Colleague {
  return {
    seat_id,
    seat_name: `${seat_id}号云窗口`,
    agent_name: `坐席${seat_id}`,
    departments: ['*'],
    status: 'available',
    state: 'idle',
    ...over,
  }
}

const items = [
  { code: 'sb001', name: '参保登记', name_en: 'Join the pension scheme', department: '人社局', initials: 'cbdj' },
  { code: 'hj002', name: '户口迁移', name_en: 'Move a household record', department: '公安局', initials: 'hkqy' },
]

const names = (targets: readonly TransferTarget[]): string[] =>
  targets.map((one) =>
    one.kind === 'seat' ? one.colleague.seat_id : one.kind === 'item' ? one.item.code : one.name,
  )

describe('whom a resident can be handed on to', () => {
  it('lists free windows first, those on a break last, and nobody who is not there', () => {
    const found = choicesFor(
      '',
      [
        colleague('1', { status: 'on_break' }),
        colleague('2', { state: 'in_call' }),
        colleague('3'),
        colleague('4', { status: 'offline' }),
      ],
      [],
    )
    expect(names(found.seats)).toEqual(['3', '2', '1'])
  })

  it('offers a department only while somebody is there who serves it', () => {
    const specialist = colleague('1', { departments: ['公安局'] })
    expect(names(choicesFor('', [specialist], items).departments)).toEqual(['公安局'])
    expect(names(choicesFor('', [colleague('1')], items).departments)).toEqual(['人社局', '公安局'])
  })

  it('finds items by name, English name, initials and code, and none before something is typed', () => {
    for (const text of ['参保', 'pension', 'CBDJ', 'sb0']) {
      expect(names(choicesFor(text, [], items).items)).toEqual(['sb001'])
    }
    expect(choicesFor(' ', [], items).items).toEqual([])
  })

  it('names exactly one target in the command', () => {
    expect(addressOf({ kind: 'seat', colleague: colleague('7') })).toEqual({ to_seat: '7' })
    expect(addressOf({ kind: 'department', name: '公安局' })).toEqual({ to_department: '公安局' })
    expect(addressOf({ kind: 'item', item: items[0]! })).toEqual({ to_item: 'sb001' })
  })
})
