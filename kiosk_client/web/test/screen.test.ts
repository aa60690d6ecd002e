import { describe, expect, it } from 'vitest'
import { screenFor, stageOf, type Screen, type Situation } from '../src/screen'

const at = (part: Partial<Situation>): Screen =>
  screenFor({ phase: 'idle', status: 'online', farewell: false, ...part })

describe('the screen', () => {
  it.each([
    ['idle', 'home'],
    ['waiting', 'ticket'],
    ['ringing', 'ticket'],
    ['parked', 'parked'],
    ['in_call', 'call'],
    ['rating', 'rating'],
    [null, 'home'],
  ] as const)('for the phase %s is %s', (phase, screen) => {
    expect(at({ phase })).toBe(screen)
  })

  it('says goodbye before it goes home', () => {
    expect(at({ farewell: true })).toBe('farewell')
  })

  it.each(['waiting', 'parked', 'ringing', 'in_call', 'rating'] as const)(
    'stays as it is at the phase %s while the line is down or refused',
    (phase) => {
      expect(at({ phase, status: 'offline' })).toBe(at({ phase }))
      expect(at({ phase, status: 'refused' })).toBe(at({ phase }))
    },
  )

  it('tells of trouble when nobody is there and the booth is refused', () => {
    expect(at({ status: 'refused' })).toBe('trouble')
  })

  it.each(['idle', 'waiting', 'parked', 'in_call', 'rating'] as const)(
    'is given up at the phase %s when the page was opened elsewhere',
    (phase) => {
      expect(at({ phase, status: 'replaced' })).toBe('trouble')
    },
  )
})

describe('the stage', () => {
  it('is one of three plain words', () => {
    expect(stageOf('waiting', false)).toBe('waiting')
    expect(stageOf('waiting', true)).toBe('soon')
    expect(stageOf('ringing', true)).toBe('connecting')
    expect(stageOf('in_call', false)).toBe('connecting')
  })
})
