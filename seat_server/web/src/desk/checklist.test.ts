import { beforeEach, describe, expect, it } from 'vitest'
import { Checklist } from './checklist'

describe('Checklist', () => {
  beforeEach(() => sessionStorage.clear())

  it('ticks and unticks a material', () => {
    const list = new Checklist(sessionStorage)
    expect([...list.toggle('c1', 0)]).toEqual([0])
    expect([...list.toggle('c1', 2)]).toEqual([0, 2])
    expect([...list.toggle('c1', 0)]).toEqual([2])
  })

  it('survives a reload of the page', () => {
    new Checklist(sessionStorage).toggle('c1', 1)
    expect([...new Checklist(sessionStorage).read('c1')]).toEqual([1])
  })

  it('forgets the ticks when another call begins', () => {
    const list = new Checklist(sessionStorage)
    list.toggle('c1', 1)
    expect(list.read('c2').size).toBe(0)
    expect(list.read('c1').size).toBe(0)
  })

  it('starts empty', () => {
    expect(new Checklist(sessionStorage).read('c1').size).toBe(0)
  })
})
