import { type LinkStatus, type ServerEvent, UnansweredError, type WallView } from '@xiaowu/wire'
import { ApiError, type Person, SessionApi } from '../session/api'
import { HallLink } from '../session/hall_link'
import { patchBoard, type WallEvent } from './board'
import { SyncWatch } from './sync_watch'

export type WallPlace = 'starting' | 'sign_in' | 'wrong_role' | 'board'

/** Everything the wall draws. */
export interface WallState {
  place: WallPlace
  person: Person | null
  unreachable: boolean
  sessionOver: boolean
  link: LinkStatus
  linkCode: string | null
  board: WallView | null
  /** The server's time of the last moment the board was known to be right. */
  syncedAt: number | null
}

export function emptyWall(): WallState {
  return {
    place: 'starting',
    person: null,
    unreachable: false,
    sessionOver: false,
    link: 'connecting',
    linkCode: null,
    board: null,
    syncedAt: null,
  }
}

const LOOK_AGAIN_MS = 3000

/** The composition of a wall: session, link, board and the watch over its truth; no framework. */
export class Wall {
  private readonly api: SessionApi
  private readonly hall: HallLink
  private readonly watch = new SyncWatch()

  constructor(
    private readonly state: WallState,
    private readonly options: { client: string; signal: AbortSignal; api?: SessionApi },
  ) {
    this.api = options.api ?? new SessionApi()
    this.hall = new HallLink({
      api: this.api,
      client: options.client,
      onEvent: (event) => this.heard(event),
      onStatus: (status, code) => Object.assign(state, { link: status, linkCode: code ?? null }),
      onSessionOver: () => this.sessionEnded(),
    })
    options.signal.addEventListener('abort', () => this.hall.stop(), { once: true })
  }

  get serverNow(): number {
    return this.hall.serverNow
  }

  /** True when viewers must be told that the board may be wrong. */
  get isStale(): boolean {
    return this.watch.isStale(seconds())
  }

  /** Seconds since the board was last known to be right; null when it never was. */
  get age(): number | null {
    return this.watch.age(seconds())
  }

  async start(): Promise<void> {
    try {
      const person = await this.api.whoami()
      this.state.unreachable = false
      if (person === null) this.state.place = 'sign_in'
      else this.enter(person)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.state.unreachable = true
      setTimeout(() => {
        if (!this.options.signal.aborted) void this.start()
      }, LOOK_AGAIN_MS)
    }
  }

  /** Raises ApiError when the server does not let them in. */
  async signIn(login: string, password: string): Promise<void> {
    this.enter(await this.api.signIn(login, password))
  }

  async signOut(): Promise<void> {
    try {
      await this.api.signOut()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      // Out of reach: the session cannot be ended from here, so the wall must not look as if it were.
      if (error.status !== 401) return
    }
    this.hall.stop()
    Object.assign(this.state, { place: 'sign_in', person: null, board: null, syncedAt: null })
  }

  private enter(person: Person): void {
    const mayWatch = person.role === 'supervisor' || person.role === 'admin'
    Object.assign(this.state, {
      person,
      sessionOver: false,
      place: mayWatch ? 'board' : 'wrong_role',
    })
    if (mayWatch) this.hall.start()
  }

  private heard(event: ServerEvent): void {
    switch (event.type) {
      case 'wall.reset':
      case 'wall.updated':
      case 'wall.ticked':
        return this.patch(event)
      default:
      // Nothing else concerns a wall; the link makes a status of what concerns itself.
    }
  }

  private patch(event: WallEvent): void {
    const { board, gap } = patchBoard(this.state.board, event)
    if (board !== this.state.board) this.state.board = board
    if (gap) this.askAfresh()
    else {
      this.watch.confirm(seconds())
      this.state.syncedAt = event.type === 'wall.reset' ? event.view.server_time : event.server_time
    }
  }

  private askAfresh(): void {
    if (!this.watch.shouldAsk(seconds())) return
    this.hall.send({ type: 'view.sync' }).catch((error: unknown) => {
      // The next tick finds the gap again and asks again.
      if (!(error instanceof UnansweredError)) this.state.linkCode = 'not_allowed'
    })
  }

  private sessionEnded(): void {
    if (this.state.person === null) return
    Object.assign(this.state, { sessionOver: true, place: 'sign_in' })
  }
}

/** A clock that never jumps. */
function seconds(): number {
  return performance.now() / 1000
}
