import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { watchIdle } from '../src/idle'
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

describe('without a touch', () => {
  let scope: AbortController
  let armed: boolean
  let resets: number

  beforeEach(() => {
    vi.useFakeTimers()
    scope = new AbortController()
    armed = true
    resets = 0
  })
  afterEach(() => {
    scope.abort()
    vi.useRealTimers()
  })

  const watch = (): ReturnType<typeof watchIdle> =>
    watchIdle({
      afterS: 60,
      warnS: 15,
      armed: () => armed,
      onIdle: () => resets++,
      signal: scope.signal,
    })
  const seconds = (n: number): void => void vi.advanceTimersByTime(n * 1_000)
  const touch = (): void => {
    window.dispatchEvent(new Event('pointerdown'))
    window.dispatchEvent(new Event('click'))
  }

  it('the last 15 of 60 seconds are counted down, then the page forgets', () => {
    const left = watch()
    seconds(44)
    expect(left.value).toBeNull()
    seconds(1)
    expect(left.value).toBe(15)
    seconds(14)
    expect([left.value, resets]).toEqual([1, 0])
    seconds(1)
    expect([left.value, resets]).toEqual([null, 1])
  })

  it('a touch starts the count again', () => {
    const left = watch()
    seconds(50)
    touch()
    expect(left.value).toBeNull()
    seconds(59)
    expect(resets).toBe(0)
  })

  it('the warning waits for the finger to lift, so that nothing beneath it is pressed', () => {
    const left = watch()
    seconds(50)
    window.dispatchEvent(new Event('pointerdown'))
    expect(left.value).not.toBeNull()
    window.dispatchEvent(new Event('click'))
    expect(left.value).toBeNull()
  })

  it('nothing is counted while somebody is served', () => {
    armed = false
    const left = watch()
    seconds(600)
    expect([left.value, resets]).toEqual([null, 0])
    armed = true
    seconds(44)
    expect([left.value, resets]).toEqual([null, 0])
  })
})
