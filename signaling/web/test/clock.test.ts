import { expect, it } from 'vitest'
import { ServerClock } from '../src/clock'

it('trusts the sample that travelled fastest', () => {
  let monotonicMs = 0
  const clock = new ServerClock(() => monotonicMs)
  clock.observe(1_000)
  monotonicMs = 1_000
  clock.observe(1_000.4) // 0.6 s on its way
  expect(clock.now).toBe(1_001)
  clock.observe(1_001.2)
  expect(clock.now).toBe(1_001.2)
})

it('uses the local clock until the server has said the time, and again after a restart', () => {
  const clock = new ServerClock(() => 0, () => 7_000)
  expect(clock.now).toBe(7)
  clock.observe(50)
  expect(clock.now).toBe(50)
  clock.restart()
  expect(clock.now).toBe(7)
})
