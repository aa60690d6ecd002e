import { describe, expect, it } from 'vitest'
import { checkDigit, inFours, isEntryCode } from '../src/entry_code'

describe('a code', () => {
  it.each([
    // The example of ISO 7064, numbers of other trades under the same standard, and one of ours.
    ['0794', '5'],
    ['3657426180', '9'],
    ['3339200596', '1'],
    ['0000000', '7'],
  ])('%s is followed by %s', (digits, check) => {
    expect(checkDigit(digits)).toBe(check)
  })

  const numbers = Array.from({ length: 300 }, (_, n) => String(n * 33_331 % 10_000_000).padStart(7, '0'))
  const codes = numbers.map((digits) => digits + checkDigit(digits))

  it('of eight digits is known by its last', () => {
    for (const code of codes) expect(isEntryCode(code)).toBe(true)
  })

  it('with one wrong digit is always found out', () => {
    for (const code of codes) {
      for (let at = 0; at < code.length; at++) {
        const wrong = String((Number(code[at]) + 1 + (at % 9)) % 10)
        if (wrong === code[at]) continue
        expect(isEntryCode(code.slice(0, at) + wrong + code.slice(at + 1))).toBe(false)
      }
    }
  })

  it.each(['', '1234567', '123456789', '1234567x', ' 2345672'])('is not "%s"', (text) => {
    expect(isEntryCode(text)).toBe(false)
  })

  it('is written in two fours', () => {
    expect(inFours('12345672')).toBe('1234 5672')
    expect(inFours('123')).toBe('123')
    expect(inFours('1234')).toBe('1234')
  })
})
