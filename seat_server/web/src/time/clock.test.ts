import { expect, it } from 'vitest'
import { clockText, halfHoursAfter } from './clock'

const at = (hour: number, minute: number): number => new Date(2026, 10, 20, hour, minute).getTime() / 1000

it('a moment is a clock, with its day where that is asked for', () => {
  expect(clockText(at(17, 5), 'zh')).toBe('17:05')
  expect(clockText(at(17, 5), 'en')).toBe('17:05')
  expect(clockText(at(17, 5), 'zh', true)).toContain('11')
})

it('half hours go on from now, and none is on the next day', () => {
  expect(halfHoursAfter(at(16, 10), 3)).toEqual([at(16, 30), at(17, 0), at(17, 30)])
  expect(halfHoursAfter(at(16, 30), 1)).toEqual([at(17, 0)])
  expect(halfHoursAfter(at(23, 10), 5)).toEqual([at(23, 30)])
})
