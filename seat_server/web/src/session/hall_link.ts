import {
  type Answer,
  type ClientMessage,
  Link,
  type LinkStatus,
  RefusedError,
  type ServerEvent,
  UnansweredError,
} from '@xiaowu/wire'
import { ApiError, type SessionApi } from './api'

export interface HallLinkOptions {
  api: SessionApi
  /** Program and version, for the operator's eye. */
  client: string
  onEvent(event: ServerEvent): void
  onStatus(status: LinkStatus, code?: string): void
  /** The session was revoked or has run out: somebody has to sign in again. */
  onSessionOver(): void
}

/** Refusals that only signing in again can cure. */
const CURED_BY_SIGN_IN = new Set(['access_revoked', 'token_invalid', 'session_over'])

/**
 * A page's link to the hall, over one sign-in and the next. What holds on to it (a running call
 * above all) need not know that the socket and the session beneath were replaced.
 */
export class HallLink {
  private link: Link | null = null
  private scope: AbortController | null = null
  private current: LinkStatus = 'connecting'

  constructor(private readonly options: HallLinkOptions) {}

  get status(): LinkStatus {
    return this.current
  }

  /** Seconds since the epoch by the server's clock, by our own until it was heard. */
  get serverNow(): number {
    return this.link?.serverNow ?? Date.now() / 1000
  }

  /** Connect with the session that is signed in now; an earlier connection ends. */
  start(): void {
    this.stop()
    const scope = new AbortController()
    this.scope = scope
    this.link = new Link({
      url: window.location.origin,
      client: this.options.client,
      signal: scope.signal,
      token: () => this.token(scope.signal),
      onEvent: (event) => this.options.onEvent(event),
      onStatus: (status, code) => this.say(status, code, scope.signal),
    })
  }

  stop(): void {
    this.scope?.abort()
    this.scope = null
  }

  /** After 'replaced': bring the seat back to this page. */
  takeBack(): void {
    this.link?.takeBack()
  }

  send(message: ClientMessage): Promise<Answer> {
    return this.link?.send(message) ?? Promise.reject(new UnansweredError(message.type))
  }

  private async token(signal: AbortSignal): Promise<string> {
    try {
      return await this.options.api.socketToken()
    } catch (error) {
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
        if (!signal.aborted) this.endSession()
        throw new RefusedError('session_over')
      }
      throw error
    }
  }

  private say(status: LinkStatus, code: string | undefined, signal: AbortSignal): void {
    if (signal.aborted) return
    this.current = status
    if (status === 'refused' && code !== undefined && CURED_BY_SIGN_IN.has(code)) {
      this.endSession()
      return
    }
    this.options.onStatus(status, code)
  }

  private endSession(): void {
    this.current = 'offline'
    this.stop()
    this.options.onSessionOver()
  }
}
