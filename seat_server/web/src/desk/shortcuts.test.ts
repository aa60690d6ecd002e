import { describe, expect, it } from 'vitest'
import { capOf, type KeyPress, meaningOf, SHORTCUTS, writesText } from './shortcuts'
import type { Work } from './work'

function press(key: string, over: Partial<KeyPress> = {}): KeyPress {
  const code = /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : /^\d$/.test(key) ? `Digit${key}` : key
  return { key, code, altKey: false, ctrlKey: false, metaKey: false, repeat: false, isComposing: false, ...over }
}

const ALL: Work[] = ['break', 'idle', 'ringing', 'call', 'wrap_up']

describe('meaningOf', () => {
  it.each(SHORTCUTS.flatMap((s) => ALL.map((work) => [s.key, work, s] as const)))(
    '%s during %s means its action only where it works',
    (key, work, shortcut) => {
      const expected = shortcut.works.includes(work) ? { action: shortcut.action } : null
      expect(meaningOf(press(key), work, false)).toEqual(expected)
    },
  )

  it('leaves letters to the note while somebody types, but not with Alt', () => {
    expect(meaningOf(press('m'), 'call', true)).toBeNull()
    expect(meaningOf(press('m', { altKey: true }), 'call', true)).toEqual({ action: 'mute' })
    expect(meaningOf(press('µ', { altKey: true, code: 'KeyM' }), 'call', true)).toEqual({ action: 'mute' })
  })

  it('obeys F2 even while somebody types', () => {
    expect(meaningOf(press('F2'), 'wrap_up', true)).toEqual({ action: 'primary' })
  })

  it("never takes the browser's own combinations, held keys or an input method's keys", () => {
    expect(meaningOf(press('m', { ctrlKey: true }), 'call', false)).toBeNull()
    expect(meaningOf(press('m', { metaKey: true }), 'call', false)).toBeNull()
    expect(meaningOf(press('F2', { repeat: true }), 'ringing', false)).toBeNull()
    expect(meaningOf(press('F2', { isComposing: true }), 'wrap_up', true)).toBeNull()
  })

  it('ticks materials by number during a call only', () => {
    expect(meaningOf(press('3'), 'call', false)).toEqual({ tick: 2 })
    expect(meaningOf(press('3'), 'call', true)).toBeNull()
    expect(meaningOf(press('3', { altKey: true }), 'call', true)).toEqual({ tick: 2 })
    expect(meaningOf(press('3'), 'idle', false)).toBeNull()
  })

  it('gives no key two meanings at once', () => {
    for (const work of ALL) {
      const keys = SHORTCUTS.filter((s) => s.works.includes(work)).map((s) => s.key)
      expect(new Set(keys).size).toBe(keys.length)
    }
  })
})

describe('writesText', () => {
  it('knows the fields that take text', () => {
    const input = (type: string): HTMLInputElement => Object.assign(document.createElement('input'), { type })
    expect(writesText(document.createElement('textarea'))).toBe(true)
    expect(writesText(input('text'))).toBe(true)
    expect(writesText(input('checkbox'))).toBe(false)
    expect(writesText(document.createElement('button'))).toBe(false)
    expect(writesText(null)).toBe(false)
  })
})

it('shows the cap of an action', () => {
  expect(capOf('primary')).toBe('F2')
})
