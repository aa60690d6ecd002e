import { describe, expect, it } from 'vitest'
import { Watchdog, type Sample, type Verdict } from '../src/watchdog'

type Change = Partial<Sample>

/** Looks every 500 ms up to `untilMs` and lists the verdicts with their second. */
function watch(untilMs: number, at: (nowMs: number) => Change): [number, Verdict][] {
  const dog = new Watchdog(0)
  const verdicts: [number, Verdict][] = []
  for (let nowMs = 0; nowMs <= untilMs; nowMs += 500) {
    const sample: Sample = {
      nowMs,
      packets: 0,
      attached: true,
      peerPresent: true,
      online: true,
      peerRestartsIce: true,
      connection: 'connected',
      ...at(nowMs),
    }
    for (const verdict of dog.look(sample)) verdicts.push([nowMs / 1000, verdict])
  }
  return verdicts
}

/** Packets that come until 5 s, and again from `backMs`. */
const until5s = (nowMs: number, backMs = Infinity): number =>
  nowMs <= 5_000 ? nowMs : nowMs >= backMs ? nowMs : 5_000

describe('the watchdog', () => {
  it('says flowing once while packets come', () => {
    expect(watch(20_000, (nowMs) => ({ packets: nowMs }))).toEqual([[0.5, 'flowing']])
  })

  it('counts packets that came early once both sides are meant to send', () => {
    expect(watch(4_000, (nowMs) => ({ packets: 7, attached: nowMs >= 2_000 }))).toEqual([
      [2, 'flowing'],
    ])
  })

  it('restarts ICE after 3 s of silence and asks for a rebuild 3 s later', () => {
    expect(watch(12_000, (nowMs) => ({ packets: until5s(nowMs) }))).toEqual([
      [0.5, 'flowing'],
      [8, 'stalled'],
      [8, 'restart_ice'],
      [11, 'rebuild'],
    ])
  })

  it('leaves out the ICE restart when the other side has none', () => {
    expect(
      watch(9_000, (nowMs) => ({ packets: until5s(nowMs), peerRestartsIce: false })),
    ).toEqual([
      [0.5, 'flowing'],
      [8, 'stalled'],
      [8, 'rebuild'],
    ])
  })

  it('is content when the restart helped', () => {
    expect(watch(20_000, (nowMs) => ({ packets: until5s(nowMs, 9_500) }))).toEqual([
      [0.5, 'flowing'],
      [8, 'stalled'],
      [8, 'restart_ice'],
      [9.5, 'flowing'],
    ])
  })

  it('asks again when a rebuild brought nothing', () => {
    const verdicts = watch(18_000, (nowMs) => ({ packets: until5s(nowMs) }))
    expect(verdicts.filter(([, verdict]) => verdict === 'rebuild')).toEqual([
      [11, 'rebuild'],
      [17, 'rebuild'],
    ])
  })

  it.each(['online', 'peerPresent'] as const)(
    'only says the stall while %s is false, and recovers afterwards',
    (away) => {
      const verdicts = watch(15_000, (nowMs) => ({
        packets: until5s(nowMs),
        [away]: nowMs < 6_000 || nowMs >= 13_000,
      }))
      expect(verdicts).toEqual([
        [0.5, 'flowing'],
        [8, 'stalled'],
        [13, 'restart_ice'],
      ])
    },
  )

  it('calls a failed connection a stall without waiting', () => {
    const verdicts = watch(6_000, (nowMs) => ({
      packets: until5s(nowMs),
      connection: nowMs > 5_000 ? 'failed' : 'connected',
    }))
    expect(verdicts).toEqual([
      [0.5, 'flowing'],
      [5.5, 'stalled'],
      [5.5, 'restart_ice'],
    ])
  })

  it('rebuilds when the first packet never comes', () => {
    expect(watch(6_500, () => ({}))).toEqual([[6, 'rebuild']])
  })

  it('lets it ring in silence', () => {
    expect(watch(60_000, () => ({ attached: false }))).toEqual([])
  })

  it('rebuilds a transport that does not stand while it rings', () => {
    expect(watch(10_500, () => ({ attached: false, connection: 'connecting' }))).toEqual([
      [10, 'rebuild'],
    ])
  })
})
