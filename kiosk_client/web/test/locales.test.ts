import { describe, expect, it } from 'vitest'
import bo from '../src/locales/bo.json'
import en from '../src/locales/en.json'
import zh from '../src/locales/zh.json'
import { HTML_LANG, LANGUAGE_NAMES } from '../src/i18n'

/** Every text of a catalogue by its full name; what begins with _ is a note to translators. */
function texts(catalogue: object, prefix = ''): [string, string][] {
  return Object.entries(catalogue).flatMap(([key, value]): [string, string][] => {
    if (key.startsWith('_')) return []
    const name = prefix ? `${prefix}.${key}` : key
    return typeof value === 'string' ? [[name, value]] : texts(value as object, name)
  })
}

const placeholders = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([it]) => it).sort()
const others = { en, bo }

describe.each(Object.entries(others))('the texts in %s', (_language, catalogue) => {
  const chinese = new Map(texts(zh))
  const translated = new Map(texts(catalogue))

  it('are the same as in Chinese, key by key', () => {
    expect([...translated.keys()].sort()).toEqual([...chinese.keys()].sort())
  })

  it('have the same places to fill in', () => {
    for (const [key, text] of translated) {
      expect([key, placeholders(text)]).toEqual([key, placeholders(chinese.get(key) ?? '')])
    }
  })

  it('are empty only where the language needs no word', () => {
    const empty = [...translated].filter(([, text]) => text === '').map(([key]) => key)
    expect(empty).toEqual(['ticket.ahead_unit'])
  })
})

it('the Tibetan texts say that they are a draft', () => {
  expect(bo._draft).toMatch(/native speaker/)
})

it('no language is offered without its own name and its own tag', () => {
  for (const language of ['zh', 'en', 'bo']) {
    expect(LANGUAGE_NAMES[language]).toBeTruthy()
    expect(HTML_LANG[language]).toBeTruthy()
  }
})
