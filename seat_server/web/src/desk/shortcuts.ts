import type { Work } from './work'

export type Action =
  | 'primary'
  | 'decline'
  | 'available'
  | 'break'
  | 'mute'
  | 'camera'
  | 'end'
  | 'transfer'
  | 'no_show'
  | 'return_code'
  | 'identity'
  | 'confirm_identity'
  | 'refuse_identity'
  | 'unmask'
  | 'notes'
  | 'extend'
  | 'shortcuts'

interface Shortcut {
  action: Action
  /** `KeyboardEvent.key`, letters in lower case. */
  key: string
  /** What stands on the key cap. */
  cap: string
  works: readonly Work[]
}

const ALWAYS: readonly Work[] = ['break', 'idle', 'ringing', 'call', 'wrap_up']

/**
 * One table for the handler, the key caps on the buttons and the shortcut map.
 * Function keys work everywhere; a letter works when nobody is typing, and with Alt always.
 */
export const SHORTCUTS: readonly Shortcut[] = [
  { action: 'primary', key: 'F2', cap: 'F2', works: ['break', 'ringing', 'wrap_up'] },
  { action: 'decline', key: 'x', cap: 'X', works: ['ringing'] },
  { action: 'available', key: 'a', cap: 'A', works: ['break', 'call', 'wrap_up'] },
  { action: 'break', key: 'b', cap: 'B', works: ['break', 'idle', 'call', 'wrap_up'] },
  { action: 'mute', key: 'm', cap: 'M', works: ['call'] },
  { action: 'camera', key: 'v', cap: 'V', works: ['call'] },
  { action: 'end', key: 'h', cap: 'H', works: ['call'] },
  { action: 'transfer', key: 't', cap: 'T', works: ['call'] },
  { action: 'no_show', key: 'k', cap: 'K', works: ['call'] },
  { action: 'return_code', key: 'r', cap: 'R', works: ['call', 'wrap_up'] },
  { action: 'identity', key: 'i', cap: 'I', works: ['call'] },
  { action: 'confirm_identity', key: 'y', cap: 'Y', works: ['call', 'wrap_up'] },
  { action: 'refuse_identity', key: 'u', cap: 'U', works: ['call', 'wrap_up'] },
  { action: 'unmask', key: 'p', cap: 'P', works: ['call', 'wrap_up'] },
  { action: 'notes', key: 'n', cap: 'N', works: ['call', 'wrap_up'] },
  { action: 'extend', key: 'e', cap: 'E', works: ['wrap_up'] },
  { action: 'shortcuts', key: '?', cap: '?', works: ALWAYS },
]

/** What a key press is, as far as shortcuts care; a DOM KeyboardEvent fits. */
export interface KeyPress {
  key: string
  code: string
  altKey: boolean
  ctrlKey: boolean
  metaKey: boolean
  repeat: boolean
  isComposing: boolean
}

export type Meaning = { action: Action } | { tick: number } | null

/** What a key press means while the agent does `work`; null when it is none of ours. */
export function meaningOf(press: KeyPress, work: Work, typing: boolean): Meaning {
  if (press.repeat || press.isComposing || press.ctrlKey || press.metaKey) return null
  const isFunctionKey = /^F\d+$/.test(press.key)
  if (typing && !isFunctionKey && !press.altKey) return null
  const digit = /^Digit([1-9])$/.exec(press.code)?.[1]
  if (digit !== undefined && work === 'call' && press.key !== '?') return { tick: Number(digit) - 1 }
  // With Alt some layouts change `key`; the physical letter is what the cap shows.
  const letter = press.altKey ? /^Key([A-Z])$/.exec(press.code)?.[1]?.toLowerCase() : undefined
  const key = letter ?? (press.key.length === 1 ? press.key.toLowerCase() : press.key)
  const found = SHORTCUTS.find((shortcut) => shortcut.key === key && shortcut.works.includes(work))
  return found === undefined ? null : { action: found.action }
}

/** The key cap of an action. */
export function capOf(action: Action): string {
  return SHORTCUTS.find((shortcut) => shortcut.action === action)?.cap ?? ''
}

/** True when a key press in this element writes text. */
export function writesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true
  if (target instanceof HTMLSelectElement) return true
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button'].includes(target.type)
}

/** A key already on its way when it starts to ring was meant for something else. */
export const RING_GUARD_MS = 400
