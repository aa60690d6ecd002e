import { describe, expect, it } from 'vitest'
import { countdownText, durationText, LATE_AFTER_S, OVERDUE_AFTER_S, waitTone } from './duration'

describe('durationText', () => {
  it.each([
    [0, '0:00'],
    [59.9, '0:59'],
    [60, '1:00'],
    [754, '12:34'],
    [3599, '59:59'],
    [3600, '1:00:00'],
    [45296, '12:34:56'],
    [-3, '0:00'],
  ])('shows %d s as %s', (seconds, text) => {
    expect(durationText(seconds)).toBe(text)
  })
})

describe('countdownText', () => {
  it.each([
    [29.01, '0:30'],
    [0.2, '0:01'],
    [0, '0:00'],
    [-5, '0:00'],
  ])('with %d s left shows %s', (left, text) => {
    expect(countdownText(left)).toBe(text)
  })
})

describe('waitTone', () => {
  it('grows with the wait and changes exactly at the thresholds', () => {
    expect(waitTone(LATE_AFTER_S - 0.1)).toBe('calm')
    expect(waitTone(LATE_AFTER_S)).toBe('late')
    expect(waitTone(OVERDUE_AFTER_S - 0.1)).toBe('late')
    expect(waitTone(OVERDUE_AFTER_S)).toBe('overdue')
  })
})
