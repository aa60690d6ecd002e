import { describe, expect, it } from 'vitest'
import { dayAndTime, timeOfDay } from '../src/moments'

const AT = Date.UTC(2026, 10, 25, 8, 30) / 1000
const spaces = (text: string): string => text.replace(/\s/g, ' ')

describe('a moment', () => {
  it('is said as people say it', () => {
    expect(timeOfDay(AT, 'zh', 'Asia/Shanghai')).toBe('下午4:30')
    expect(spaces(timeOfDay(AT, 'en', 'Asia/Shanghai'))).toBe('4:30 PM')
    expect(dayAndTime(AT, 'zh', 'Asia/Shanghai')).toBe('11月25日星期三 下午4:30')
    expect(spaces(dayAndTime(AT, 'en', 'Asia/Shanghai'))).toBe('Wednesday, November 25, 4:30 PM')
  })

  it('is readable in a language browsers have no words for', () => {
    expect(timeOfDay(AT, 'bo', 'Asia/Shanghai')).toContain('4:30')
  })
})
