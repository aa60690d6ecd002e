import { describe, expect, it } from 'vitest'
import { callDue } from '../src/countdown'

describe('the countdown of a pause', () => {
  it('is heard at two minutes, at one, and in the last half minute', () => {
    const heard: number[] = []
    for (let left = 600; left > 0; left -= 0.5) {
      const due = callDue(left, left - 0.5)
      if (due !== null) heard.push(due)
    }
    expect(heard).toEqual([120, 60, 30, 20, 10])
  })

  it('is heard once after the page slept over several calls', () => {
    expect(callDue(200, 25)).toBe(30)
  })

  it('is not heard for a moment that had passed before the page was opened', () => {
    expect(callDue(90, 89)).toBeNull()
  })
})
