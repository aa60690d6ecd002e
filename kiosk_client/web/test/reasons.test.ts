import type { Ahead, Precedence } from '@xiaowu/wire'
import { describe, expect, it } from 'vitest'
import { createTexts } from '../src/i18n'
import { reasonsBefore } from '../src/reasons'

const ahead = (...reasons: [Precedence, number][]): Ahead[] =>
  reasons.map(([why, count]) => ({ why, count }))

describe('who stands before', () => {
  it('is told by reason, who came earlier first', () => {
    const before = ahead(['green', 1], ['earlier', 2])
    expect(reasonsBefore({ ahead: 3, before })).toEqual(ahead(['earlier', 2], ['green', 1]))
  })

  it('is told once a reason', () => {
    const before = ahead(['earlier', 1], ['earlier', 2], ['green', 0])
    expect(reasonsBefore({ ahead: 3, before })).toEqual(ahead(['earlier', 3]))
  })

  it('is not told when it does not add up', () => {
    expect(reasonsBefore({ ahead: 4, before: ahead(['earlier', 3]) })).toEqual([])
    expect(reasonsBefore({ ahead: 0, before: [] })).toEqual([])
  })

  it('has words for every reason in every language', () => {
    const { global } = createTexts(['zh', 'en', 'bo'])
    const every: Record<Precedence, true> = {
      earlier: true, technical_drop: true, green: true, ceiling: true,
      returned: true, appointment: true, recalled: true, behind: true,
    }
    for (const why of Object.keys(every) as Precedence[]) {
      expect(reasonsBefore({ ahead: 1, before: ahead([why, 1]) })).toHaveLength(1)
      for (const locale of ['zh', 'en', 'bo']) {
        expect(global.te(`ticket.before.${why}`, locale)).toBe(true)
        expect(global.t(`ticket.before.${why}`, { n: 2 }, { locale })).toContain('2')
      }
    }
  })
})
