/** A group of service items. */
export interface Category {
  id: string
  name: string
  name_en: string
}

/** Something a resident can ask for. */
export interface Item {
  code: string
  name: string
  name_en: string
  category: string
  department: string
  /** Pinyin initials, lower case. */
  initials: string
  /** 1 is asked for most; null when not among the frequent ones. */
  frequent: number | null
  materials: string[]
  time_limit: string
  fee: string
}

export interface Catalogue {
  version: string
  categories: Category[]
  items: Item[]
}

/** The item behind 找人帮我办: for whoever does not know what to choose. */
export const HELP_CODE = 'help'

const COPY_KEY = 'xiaowu.catalogue'

/** The copy this page kept when the server was last reached; null when there is none. */
export function keptCatalogue(storage: Storage = localStorage): Catalogue | null {
  try {
    const kept: unknown = JSON.parse(storage.getItem(COPY_KEY) ?? 'null')
    return isCatalogue(kept) ? kept : null
  } catch {
    // A copy that cannot be read is no copy.
    return null
  }
}

/** Fetches the catalogue and keeps a copy. The browser's cache answers with the ETag. */
export async function fetchCatalogue(
  serverUrl: string,
  signal: AbortSignal,
  storage: Storage = localStorage,
): Promise<Catalogue> {
  const response = await fetch(new URL('/api/items', serverUrl), {
    cache: 'no-cache',
    credentials: 'omit',
    signal,
  })
  if (!response.ok) throw new Error(`catalogue: ${response.status}`)
  const catalogue: unknown = await response.json()
  if (!isCatalogue(catalogue)) throw new Error('catalogue: malformed')
  try {
    storage.setItem(COPY_KEY, JSON.stringify(catalogue))
  } catch {
    // Without room for a copy the page still works while the server does.
  }
  return catalogue
}

/** The frequent items, most asked for first. */
export function frequentItems(catalogue: Catalogue): Item[] {
  return catalogue.items
    .filter((item) => item.frequent !== null)
    .sort((one, other) => (one.frequent ?? 0) - (other.frequent ?? 0))
}

/** The items of a category: the frequent first, then in the order of the catalogue. */
export function itemsOf(catalogue: Catalogue, categoryId: string): Item[] {
  const last = Number.MAX_SAFE_INTEGER
  return catalogue.items
    .filter((item) => item.category === categoryId && item.code !== HELP_CODE)
    .sort((one, other) => (one.frequent ?? last) - (other.frequent ?? last))
}

/** The name to show in a language; Chinese where there is no other. */
export function nameIn(locale: string, named: { name: string; name_en: string }): string {
  return locale === 'en' && named.name_en ? named.name_en : named.name
}

function isCatalogue(found: unknown): found is Catalogue {
  return (
    typeof found === 'object' &&
    found !== null &&
    'items' in found &&
    Array.isArray(found.items) &&
    'categories' in found &&
    Array.isArray(found.categories)
  )
}
