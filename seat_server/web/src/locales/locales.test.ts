import { describe, expect, it } from 'vitest'
import en from './en.json'
import zh from './zh.json'

type Tree = { [key: string]: string | Tree }

function flatten(tree: Tree, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[path + key, value] as [string, string]] : flatten(value, `${path}${key}.`),
  )
}

const chinese = new Map(flatten(zh))
const english = new Map(flatten(en))

/** English has no counter word for people. */
const MAY_BE_EMPTY = new Set(['queue.people'])

const placeholders = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort()

describe('the catalogues', () => {
  it('have the same keys', () => {
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort())
  })

  it.each([...chinese.keys()])('%s uses the same placeholders in both', (key) => {
    expect(placeholders(english.get(key) ?? '')).toEqual(placeholders(chinese.get(key) ?? ''))
  })

  it('leave no text empty', () => {
    for (const [key, text] of [...chinese, ...english]) {
      if (!MAY_BE_EMPTY.has(key)) expect(text.trim(), key).not.toBe('')
    }
  })

  it('keep Chinese out of the English texts', () => {
    const mixed = [...english].filter(([key, text]) => key !== 'app.other_language' && /\p{Script=Han}/u.test(text))
    expect(mixed).toEqual([])
  })
})

const sources: Record<string, string> = import.meta.glob('../**/*.{vue,ts}', {
  query: '?raw',
  import: 'default',
  eager: true,
})
const code = Object.entries(sources)
  .filter(([file]) => !file.endsWith('.test.ts'))
  .map(([, text]) => text)
  .join('\n')

describe('the pages and the catalogues', () => {
  it('ask for no text that is not there', () => {
    const asked = [...code.matchAll(/\bt\(\s*'([a-z_]+(?:\.[a-z_0-9]+)+)'/g)].map((found) => found[1] ?? '')
    expect(asked.length).toBeGreaterThan(50)
    expect(asked.filter((key) => !chinese.has(key))).toEqual([])
  })

  it('leave no text unused', () => {
    // A key that ends in a word of the protocol, like `state.${word}`, vouches for all of its kind.
    const prefixes = [...code.matchAll(/`([a-z_]+(?:\.[a-z_]+)*[._])\$\{/g)].map((found) => found[1] ?? '')
    const unused = [...chinese.keys()].filter(
      (key) => !code.includes(`'${key}'`) && !prefixes.some((prefix) => key.startsWith(prefix)),
    )
    expect(unused).toEqual([])
  })
})
