import { describe, expect, it } from 'vitest'
import { matching, nextLetters } from '../src/search'
import { CATALOGUE } from './catalogue_fixture'

const found = (letters: string): string[] =>
  matching(CATALOGUE.items, letters).map((item) => item.code)

describe('the search', () => {
  it('finds by pinyin initials, what begins with them first', () => {
    expect(found('SFZ')).toEqual(['id2', 'id1'])
  })

  it('finds by the English name', () => {
    expect(found('WATER')).toEqual(['ot1'])
    expect(found('AFAIC')).toEqual(['id1'])
  })

  it('finds nothing before a letter was typed, and nothing for nonsense', () => {
    expect(found('')).toEqual([])
    expect(found('QQQQ')).toEqual([])
  })

  it('leaves out the help, which has a button of its own', () => {
    expect(found('ZRBWB')).toEqual([])
  })

  it('never offers a letter that leads nowhere, and offers every one that leads on', () => {
    for (const typed of ['', 's', 'sf', 'sfz', 'w']) {
      const offered = nextLetters(CATALOGUE.items.slice(1), typed)
      for (const letter of 'abcdefghijklmnopqrstuvwxyz') {
        expect([typed, letter, offered.has(letter)]).toEqual([
          typed,
          letter,
          found(typed + letter).length > 0,
        ])
      }
    }
  })
})
