import { HELP_CODE, type Item } from './catalogue'

/** More than these nobody reads; another letter is quicker. */
const MOST = 60

/**
 * The items whose pinyin initials, or the initials of whose English words, contain the letters.
 * Those that begin with them come first, then the frequent, then the shorter.
 */
export function matching(items: readonly Item[], letters: string): Item[] {
  const wanted = letters.toLowerCase()
  if (wanted === '') return []
  return items
    .filter((item) => item.code !== HELP_CODE)
    .map((item) => ({ item, rank: rankOf(item, wanted) }))
    .filter(({ rank }) => rank !== null)
    .sort((one, other) => (one.rank ?? 0) - (other.rank ?? 0))
    .slice(0, MOST)
    .map(({ item }) => item)
}

/** The letters that still lead to an item after `letters`: the others need not be tried. */
export function nextLetters(items: readonly Item[], letters: string): Set<string> {
  const wanted = letters.toLowerCase()
  const next = new Set<string>()
  for (const item of items) {
    for (const text of [item.initials, englishInitials(item), squeezed(item.name_en)]) {
      let at = text.indexOf(wanted)
      while (at >= 0 && at + wanted.length < text.length) {
        next.add(text.charAt(at + wanted.length))
        at = text.indexOf(wanted, at + 1)
      }
    }
  }
  return next
}

function rankOf(item: Item, wanted: string): number | null {
  const places = [
    item.initials.indexOf(wanted),
    englishInitials(item).indexOf(wanted),
    squeezed(item.name_en).indexOf(wanted),
  ].filter((place) => place >= 0)
  if (places.length === 0) return null
  const begins = Math.min(...places) === 0 ? 0 : 1_000_000
  const frequent = item.frequent ?? 10_000
  return begins + frequent * 100 + Math.min(item.initials.length, 99)
}

function englishInitials(item: Item): string {
  return Array.from(item.name_en.matchAll(/[A-Za-z]+/g), ([word]) => word[0])
    .join('')
    .toLowerCase()
}

function squeezed(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, '')
}
