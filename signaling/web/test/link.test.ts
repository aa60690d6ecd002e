import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Link, RefusedError, UnansweredError, type LinkStatus } from '../src/link'
import type { LeaveTicket } from '../src/protocol.gen'
import { FakeNetwork } from './fake_transport'

const LEAVE: LeaveTicket = { type: 'ticket.leave', op_id: 'op-1', ticket_id: 't-1' }

let network: FakeNetwork
let scope: AbortController
let statuses: string[]
let tokens: number
let token: () => Promise<string>
let random: number

function open(): Link {
  return new Link({
    url: 'http://server',
    token: () => token(),
    client: 'test',
    onEvent: () => undefined,
    onStatus: (status: LinkStatus, code?: string) => {
      statuses.push(code === undefined ? status : `${status}:${code}`)
    },
    signal: scope.signal,
    open: network.open,
    random: () => random,
  })
}

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)

beforeEach(() => {
  vi.useFakeTimers()
  network = new FakeNetwork()
  scope = new AbortController()
  statuses = []
  tokens = 0
  random = 1
  token = () => Promise.resolve(`token-${++tokens}`)
})

afterEach(() => {
  scope.abort()
  vi.useRealTimers()
})

describe('a link', () => {
  it('is online when the server has welcomed it, not before', async () => {
    open()
    await settle()
    expect(statuses).toEqual(['connecting'])
    expect(network.last.hello).toMatchObject({ token: 'token-1', restarts_ice: true })
    network.last.welcome()
    expect(statuses).toEqual(['connecting', 'online'])
  })

  it('gives up an attempt that is not welcomed within 8 s and starts a new one with a new token', async () => {
    open()
    await settle()
    await vi.advanceTimersByTimeAsync(8_000)
    expect(network.last.closed).toBe(true)
    expect(statuses.at(-1)).toBe('offline')
    await vi.advanceTimersByTimeAsync(500)
    expect(network.connections).toHaveLength(2)
    expect(network.last.hello.token).toBe('token-2')
  })

  it('waits longer after each failure, never more than 15 s, and never gives up', async () => {
    open()
    await settle()
    const waits: number[] = []
    for (let attempt = 0; attempt < 9; attempt++) {
      const before = network.connections.length
      network.last.listener.onFailed()
      let waited = 0
      while (network.connections.length === before) {
        await vi.advanceTimersByTimeAsync(500)
        waited += 500
      }
      waits.push(waited)
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000, 15000, 15000])
  })

  it('spreads its delays over the whole span, so that a hall does not come back in step', async () => {
    random = 0.1
    open()
    await settle()
    network.last.listener.onFailed()
    await vi.advanceTimersByTimeAsync(50)
    expect(network.connections).toHaveLength(2)
  })

  it('connects at once when the network or the page wakes up', async () => {
    open()
    await settle()
    for (let attempt = 0; attempt < 6; attempt++) {
      network.last.listener.onFailed()
      await vi.advanceTimersByTimeAsync(15_000)
    }
    const before = network.connections.length
    network.last.listener.onFailed()
    await settle()
    expect(network.connections).toHaveLength(before)
    window.dispatchEvent(new Event('online'))
    await settle()
    expect(network.connections).toHaveLength(before + 1)
  })

  it('tests an open connection at wake-up and drops it when it does not answer', async () => {
    open()
    await settle()
    network.last.welcome()
    window.dispatchEvent(new Event('online'))
    expect(network.last.types()).toEqual(['view.sync'])
    await vi.advanceTimersByTimeAsync(5_000)
    expect(network.connections[0]?.closed).toBe(true)
  })

  it('keeps an open connection that answers at wake-up', async () => {
    open()
    await settle()
    network.last.welcome()
    window.dispatchEvent(new Event('online'))
    network.last.sent[0]?.answer({ type: 'done', op_id: null })
    await vi.advanceTimersByTimeAsync(20_000)
    expect(network.connections).toHaveLength(1)
    expect(statuses.at(-1)).toBe('online')
  })

  it('resends what was not answered under the same op_id on the next connection', async () => {
    const link = open()
    await settle()
    network.last.welcome()
    const answered = link.send(LEAVE)
    network.last.listener.onClosed()
    await vi.advanceTimersByTimeAsync(500)
    network.last.welcome()
    expect(network.connections).toHaveLength(2)
    expect(network.last.sent.map((each) => each.message)).toEqual([LEAVE])
    network.last.sent[0]?.answer({ type: 'done', op_id: 'op-1' })
    await expect(answered).resolves.toEqual({ type: 'done', op_id: 'op-1' })
  })

  it('does not resend what was answered', async () => {
    const link = open()
    await settle()
    network.last.welcome()
    void link.send(LEAVE)
    network.last.sent[0]?.answer({ type: 'done', op_id: 'op-1' })
    network.last.listener.onClosed()
    await vi.advanceTimersByTimeAsync(500)
    network.last.welcome()
    expect(network.last.sent).toEqual([])
  })

  it('sends what was asked while offline, in order, once it is welcomed', async () => {
    const link = open()
    void link.send(LEAVE).catch(() => undefined)
    void link.send({ type: 'view.sync' }).catch(() => undefined)
    await settle()
    expect(network.last.sent).toEqual([])
    network.last.welcome()
    expect(network.last.types()).toEqual(['ticket.leave', 'view.sync'])
  })

  it('rejects with the code when the server refuses', async () => {
    const link = open()
    await settle()
    network.last.welcome()
    const answered = link.send(LEAVE)
    network.last.sent[0]?.answer({ type: 'refused', op_id: 'op-1', code: 'not_allowed', detail: '' })
    const error = await answered.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(RefusedError)
    expect(error).toMatchObject({ code: 'not_allowed' })
  })

  it('says after 30 s that no answer came', async () => {
    const link = open()
    const answered = link.send(LEAVE).catch((reason: unknown) => reason)
    await vi.advanceTimersByTimeAsync(30_000)
    expect(await answered).toBeInstanceOf(UnansweredError)
  })

  it('fetches a new token at once when its token has expired, but only once in a row', async () => {
    open()
    await settle()
    network.last.listener.onFailed('token_expired')
    await settle()
    expect(network.connections).toHaveLength(2)
    expect(network.last.hello.token).toBe('token-2')
    network.last.listener.onFailed('token_expired')
    await settle()
    expect(network.connections).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(500)
    expect(network.connections).toHaveLength(3)
  })

  it('shows a refusal with its code and asks again gently', async () => {
    open()
    await settle()
    network.last.listener.onFailed('origin_refused')
    await settle()
    expect(statuses.at(-1)).toBe('refused:origin_refused')
    await vi.advanceTimersByTimeAsync(14_000)
    expect(network.connections).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(network.connections).toHaveLength(2)
    network.last.welcome()
    expect(statuses.at(-1)).toBe('online')
  })

  it('passes on the code when no token is given out', async () => {
    token = () => Promise.reject(new RefusedError('not_enrolled'))
    open()
    await settle()
    expect(network.connections).toHaveLength(0)
    expect(statuses.at(-1)).toBe('refused:not_enrolled')
  })

  it('comes back after the pause that a closing server asked for', async () => {
    random = 0.5
    open()
    await settle()
    network.last.welcome()
    network.last.push({ type: 'server.closing', retry_after_s: 4 })
    network.last.listener.onClosed()
    await vi.advanceTimersByTimeAsync(3_900)
    expect(network.connections).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(200)
    expect(network.connections).toHaveLength(2)
  })

  it('stays away when it was replaced, until somebody takes it back', async () => {
    const link = open()
    await settle()
    network.last.welcome()
    network.last.push({ type: 'attachment.replaced' })
    network.last.listener.onClosed()
    await vi.advanceTimersByTimeAsync(60_000)
    window.dispatchEvent(new Event('online'))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(network.connections).toHaveLength(1)
    expect(statuses.at(-1)).toBe('replaced')
    link.takeBack()
    await settle()
    network.last.welcome()
    expect(network.connections).toHaveLength(2)
    expect(statuses.at(-1)).toBe('online')
  })

  it('ends for good with its signal', async () => {
    const link = open()
    await settle()
    network.last.welcome()
    const answered = link.send(LEAVE).catch((reason: unknown) => reason)
    scope.abort()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await answered).toBeInstanceOf(UnansweredError)
    expect(network.connections).toHaveLength(1)
    expect(network.last.closed).toBe(true)
  })

  it('knows the time of the server', async () => {
    const link = open()
    await settle()
    network.last.welcome(5_000)
    await vi.advanceTimersByTimeAsync(3_000)
    expect(link.serverNow).toBeCloseTo(5_003, 1)
  })
})
