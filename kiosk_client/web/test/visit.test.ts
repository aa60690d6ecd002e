import { describe, expect, it } from 'vitest'
import { startVisit } from '../src/visit'
import { item } from './catalogue_fixture'

describe('a visit', () => {
  it('leaves nothing behind', () => {
    const { visit, touched, choose, reset } = startVisit('zh')
    const fresh = { ...visit }
    visit.place = { at: 'search' }
    visit.letters = 'SFZ'
    visit.code = '1234'
    visit.green = 'elderly'
    visit.language = 'en'
    visit.size = 3
    choose(item({ code: 'id1' }))
    expect(touched.value).toBe(true)
    reset()
    expect(touched.value).toBe(false)
    expect({ ...visit }).toEqual(fresh)
  })

  it.each([
    ['another language', { language: 'en' }],
    ['larger letters', { size: 2 }],
    ['a reason to go first', { green: 'pregnant' }],
    ['the question for it', { askingGreen: true }],
    ['another place', { place: { at: 'frequent' } }],
  ] as const)('counts as touched with %s', (_what, change) => {
    const { visit, touched } = startVisit('zh')
    Object.assign(visit, change)
    expect(touched.value).toBe(true)
  })

  it('takes each choice as a new intention', () => {
    const { visit, choose } = startVisit('zh')
    choose(item({ code: 'id1' }))
    const first = visit.choice?.opId
    choose(item({ code: 'id1' }))
    expect(visit.choice?.opId).not.toBe(first)
  })

  it('keeps language and size on the way home', () => {
    const { visit, goHome } = startVisit('zh')
    Object.assign(visit, { language: 'en', size: 3, place: { at: 'search' } })
    goHome()
    expect(visit).toMatchObject({ language: 'en', size: 3, place: { at: 'home' } })
  })
})
