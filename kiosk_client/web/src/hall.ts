import {
  Link,
  type Answer,
  type ClientMessage,
  type KioskView,
  type LinkStatus,
  type Signalled,
} from '@xiaowu/wire'
import { readonly, ref, shallowRef, type Ref } from 'vue'
import { pageToken } from './booth'

export const CLIENT = 'xiaowu-kiosk-page/0.1.0'

/** The hall as this kiosk's page sees it: the newest view, and the state of the connection. */
export interface Hall {
  readonly link: Link
  readonly view: Readonly<Ref<KioskView | null>>
  readonly status: Readonly<Ref<LinkStatus>>
  /** Why the connection is refused. */
  readonly code: Readonly<Ref<string | null>>
  send(message: ClientMessage): Promise<Answer>
  /** Seconds since the epoch by the server's clock. */
  now(): number
}

export interface HallOptions {
  serverUrl: string
  signal: AbortSignal
  /** Every view from the server, in order, before the screens see it. */
  onView(view: KioskView): void
  onSignalled(event: Signalled): void
}

/** Connects to the hall and keeps connected. */
export function openHall(options: HallOptions): Hall {
  const view = shallowRef<KioskView | null>(keptView())
  const status = ref<LinkStatus>('connecting')
  const code = ref<string | null>(null)
  // After a reconnect the first view counts whatever its number: the server may be another one.
  let anyView = true
  const link = new Link({
    url: options.serverUrl,
    token: pageToken,
    client: CLIENT,
    signal: options.signal,
    onStatus(now, why) {
      status.value = now
      code.value = why ?? null
    },
    onEvent(event) {
      if (event.type === 'connection.welcomed') anyView = true
      if (event.type === 'call.signalled') options.onSignalled(event)
      if (event.type !== 'kiosk.updated') return
      if (!anyView && view.value !== null && event.view.seq < view.value.seq) return
      anyView = false
      view.value = event.view
      keepView(event.view)
      options.onView(event.view)
    },
  })
  return {
    link,
    view: readonly(view) as Readonly<Ref<KioskView | null>>,
    status: readonly(status),
    code: readonly(code),
    send: (message) => link.send(message),
    now: () => link.serverNow,
  }
}

const KEPT_KEY = 'xiaowu.view'

/**
 * A page that is loaded again while the server is away still knows the resident's number. Kept
 * for a ticket that waits or is parked only, without anything of a call.
 */
function keepView(view: KioskView): void {
  const waiting = view.phase === 'waiting' || view.phase === 'ringing' || view.phase === 'parked'
  const kept: KioskView = {
    ...view,
    phase: view.phase === 'parked' ? 'parked' : 'waiting',
    link: null,
    call: null,
    seat_name: null,
    return_code: null,
  }
  try {
    if (waiting) sessionStorage.setItem(KEPT_KEY, JSON.stringify(kept))
    else sessionStorage.removeItem(KEPT_KEY)
  } catch {
    // Storage is a comfort here, not a need.
  }
}

function keptView(): KioskView | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT_KEY) ?? 'null') as KioskView | null
  } catch {
    return null
  }
}
