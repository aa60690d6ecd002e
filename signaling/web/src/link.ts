import { Backoff, pause } from './backoff'
import { ServerClock } from './clock'
import { PROTOCOL_VERSION, type Answer, type ClientMessage, type ServerEvent } from './protocol.gen'
import { openSocketIo, type OpenTransport, type Transport } from './transport'

export type LinkStatus = 'connecting' | 'online' | 'offline' | 'replaced' | 'refused'

export interface LinkOptions {
  url: string
  /** Fetches a fresh token; rejecting with RefusedError makes the link 'refused' with its code. */
  token: () => Promise<string>
  /** Program and version, for the operator's eye. */
  client: string
  onEvent(event: ServerEvent): void
  onStatus(status: LinkStatus, code?: string): void
  /** Ends the link for good. */
  signal: AbortSignal
  /** Replaced in tests. */
  open?: OpenTransport
  random?: () => number
}

/** The server understood a command and refused it; nothing was changed. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  constructor(
    readonly code: string,
    detail = '',
  ) {
    super(detail || code)
  }
}

/** No answer came in time; the command may or may not have taken effect. */
export class UnansweredError extends Error {
  override readonly name = 'UnansweredError'
}

/** From opening the socket to the server's welcome. */
const CONNECT_DEADLINE_MS = 8_000
const ANSWER_DEADLINE_MS = 30_000
/** After the machine woke up: how long an open connection may take to prove that it lives. */
const PROBE_DEADLINE_MS = 5_000
/** A refusal is cured by a person (enrolment, time, an upgrade): ask again, but gently. */
const REFUSED_RETRY_MS = 15_000

interface Pending {
  message: ClientMessage
  resolve(answer: Answer): void
  reject(error: Error): void
  timer: ReturnType<typeof setTimeout>
}

type AttemptEnd =
  | { kind: 'lost' }
  | { kind: 'closing'; retryAfterMs: number }
  | { kind: 'expired' }
  | { kind: 'refused'; code: string }
  | { kind: 'replaced' }

/**
 * The connection to the server. Reconnects for ever with a new socket per attempt; what was sent
 * and not answered is sent again on the next connection under the same `op_id`.
 */
export class Link {
  private readonly clock = new ServerClock()
  private readonly backoff: Backoff
  private readonly open: OpenTransport
  private readonly pending = new Set<Pending>()
  private transport: Transport | null = null
  private current: LinkStatus = 'connecting'
  private wake = new AbortController()
  private endAttempt: ((end: AttemptEnd) => void) | null = null

  constructor(private readonly options: LinkOptions) {
    this.open = options.open ?? openSocketIo
    this.backoff = new Backoff(500, 15_000, options.random)
    const { signal } = options
    const wakeUp = (): void => this.wakeUp()
    window.addEventListener('online', wakeUp, { signal })
    document.addEventListener(
      'visibilitychange',
      () => {
        if (document.visibilityState === 'visible') wakeUp()
      },
      { signal },
    )
    signal.addEventListener('abort', () => this.shutDown(), { once: true })
    void this.run()
  }

  get status(): LinkStatus {
    return this.current
  }

  /** Seconds since the epoch by the server's clock. */
  get serverNow(): number {
    return this.clock.now
  }

  /**
   * Sends a command and resolves with its answer. Rejects with RefusedError when refused, with
   * UnansweredError when 30 s pass (the link may have been down all that time).
   */
  send(message: ClientMessage): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.options.signal.aborted) return reject(new UnansweredError('the link is closed'))
      const pending: Pending = {
        message,
        resolve,
        reject,
        timer: setTimeout(() => {
          this.pending.delete(pending)
          reject(new UnansweredError(message.type))
        }, ANSWER_DEADLINE_MS),
      }
      this.pending.add(pending)
      if (this.current === 'online') this.transmit(pending)
    })
  }

  /** After 'replaced': take this kiosk or seat back from wherever it was opened. */
  takeBack(): void {
    if (this.current === 'replaced' && !this.options.signal.aborted) {
      this.backoff.reset()
      void this.run()
    }
  }

  private async run(): Promise<void> {
    const { signal } = this.options
    let freshTokenTried = false
    while (!signal.aborted) {
      const end = await this.attempt()
      if (signal.aborted) return
      switch (end.kind) {
        case 'replaced':
          return this.say('replaced')
        case 'expired':
          // A new token at once; if that one is refused too the clocks disagree: back off.
          this.say('offline', 'token_expired')
          if (!freshTokenTried) {
            freshTokenTried = true
            continue
          }
          await this.rest(this.backoff.nextMs())
          break
        case 'refused':
          this.say('refused', end.code)
          await this.rest(REFUSED_RETRY_MS)
          break
        case 'closing':
          this.say('offline', 'server_closing')
          await this.rest(end.retryAfterMs)
          break
        case 'lost':
          this.say('offline')
          await this.rest(this.backoff.nextMs())
          break
        default:
          end satisfies never
      }
      freshTokenTried = end.kind === 'expired' && freshTokenTried
    }
  }

  /** One connection from token to end; resolves with how it ended. */
  private async attempt(): Promise<AttemptEnd> {
    if (this.current !== 'refused') this.say('connecting')
    this.clock.restart()
    let deadline: ReturnType<typeof setTimeout> | undefined
    const end = await new Promise<AttemptEnd>((resolve) => {
      this.endAttempt = resolve
      deadline = setTimeout(() => resolve({ kind: 'lost' }), CONNECT_DEADLINE_MS)
      void this.connect(resolve, () => clearTimeout(deadline))
    })
    clearTimeout(deadline)
    this.endAttempt = null
    this.transport?.close()
    this.transport = null
    return end
  }

  private async connect(end: (end: AttemptEnd) => void, welcomed: () => void): Promise<void> {
    let over = false
    const finish = (how: AttemptEnd): void => {
      over = true
      end(how)
    }
    let token: string
    try {
      token = await this.options.token()
    } catch (error) {
      return finish(
        error instanceof RefusedError ? { kind: 'refused', code: error.code } : { kind: 'lost' },
      )
    }
    if (this.endAttempt !== end || this.options.signal.aborted) return
    let retryAfterMs: number | null = null
    const hello = {
      token,
      protocol: PROTOCOL_VERSION,
      client: this.options.client,
      restarts_ice: true,
    }
    this.transport = this.open(this.options.url, hello, {
      onEvent: (event) => {
        if (over || this.endAttempt !== end) return
        if (event.type === 'connection.welcomed') {
          welcomed()
          this.clock.observe(event.server_time)
          this.backoff.reset()
          for (const pending of this.pending) this.transmit(pending)
          this.say('online')
        } else if (event.type === 'server.closing') {
          retryAfterMs = event.retry_after_s * 1000 * (0.75 + 0.5 * this.jitter())
        } else if ('view' in event) {
          this.clock.observe(event.view.server_time)
        }
        this.options.onEvent(event)
        if (event.type === 'attachment.replaced') finish({ kind: 'replaced' })
        if (event.type === 'access.revoked') finish({ kind: 'refused', code: 'access_revoked' })
      },
      onFailed: (code) => {
        if (code === 'token_expired') finish({ kind: 'expired' })
        else finish(code === undefined ? { kind: 'lost' } : { kind: 'refused', code })
      },
      onClosed: () => {
        finish(retryAfterMs === null ? { kind: 'lost' } : { kind: 'closing', retryAfterMs })
      },
    })
  }

  private transmit(pending: Pending): void {
    this.transport?.send(pending.message, (answer) => {
      if (!this.pending.delete(pending)) return
      clearTimeout(pending.timer)
      if (answer.type === 'refused') pending.reject(new RefusedError(answer.code, answer.detail))
      else pending.resolve(answer)
    })
  }

  /** The machine or its network came back: do not wait out a delay, do not trust an old socket. */
  private wakeUp(): void {
    this.wake.abort()
    this.wake = new AbortController()
    if (this.current !== 'online') return
    const end = this.endAttempt
    const doubt = setTimeout(() => end?.({ kind: 'lost' }), PROBE_DEADLINE_MS)
    this.send({ type: 'view.sync' }).then(
      () => clearTimeout(doubt),
      (error: unknown) => {
        if (error instanceof RefusedError) clearTimeout(doubt)
      },
    )
  }

  private rest(ms: number): Promise<void> {
    return pause(ms, AbortSignal.any([this.wake.signal, this.options.signal]))
  }

  private say(status: LinkStatus, code?: string): void {
    this.current = status
    if (!this.options.signal.aborted) this.options.onStatus(status, code)
  }

  private jitter(): number {
    return (this.options.random ?? Math.random)()
  }

  private shutDown(): void {
    this.endAttempt?.({ kind: 'lost' })
    for (const pending of this.pending) {
      clearTimeout(pending.timer)
      pending.reject(new UnansweredError('the link is closed'))
    }
    this.pending.clear()
  }
}
