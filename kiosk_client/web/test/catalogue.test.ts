import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fetchCatalogue, frequentItems, itemsOf, keptCatalogue, nameIn } from '../src/catalogue'
import { CATALOGUE } from './catalogue_fixture'

const codes = (items: { code: string }[]): string[] => items.map((item) => item.code)
const signal = new AbortController().signal

beforeEach(() => localStorage.clear())
afterEach(() => vi.unstubAllGlobals())

describe('the catalogue', () => {
  it('gives the frequent items, most asked for first', () => {
    expect(codes(frequentItems(CATALOGUE))).toEqual(['ot1', 'id1'])
  })

  it('gives a category with its frequent items first and without the help', () => {
    expect(codes(itemsOf(CATALOGUE, 'identity'))).toEqual(['id1', 'hk1', 'id2'])
    expect(codes(itemsOf(CATALOGUE, 'other'))).toEqual(['ot1'])
  })

  it('names in Chinese what has no English name', () => {
    expect(nameIn('en', { name: '身份证', name_en: '' })).toBe('身份证')
    expect(nameIn('en', { name: '身份证', name_en: 'ID card' })).toBe('ID card')
    expect(nameIn('bo', { name: '身份证', name_en: 'ID card' })).toBe('身份证')
  })
})

describe('the copy', () => {
  it('is kept when the server gives the catalogue', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(Response.json(CATALOGUE)))
    await fetchCatalogue('http://server', signal)
    expect(keptCatalogue()).toEqual(CATALOGUE)
  })

  it('survives a server that fails', async () => {
    localStorage.setItem('xiaowu.catalogue', JSON.stringify(CATALOGUE))
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('', { status: 503 })))
    await expect(fetchCatalogue('http://server', signal)).rejects.toThrow('503')
    expect(keptCatalogue()).toEqual(CATALOGUE)
  })

  it.each(['not json', '{"items":1}', '[]'])('is not there when it is broken: %s', (broken) => {
    localStorage.setItem('xiaowu.catalogue', broken)
    expect(keptCatalogue()).toBeNull()
  })

  it('is not replaced by something that is no catalogue', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ hello: 1 })))
    await expect(fetchCatalogue('http://server', signal)).rejects.toThrow('malformed')
    expect(keptCatalogue()).toBeNull()
  })
})
