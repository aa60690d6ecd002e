import type { Ring } from './work'

export interface RingAlertOptions {
  /** Rings until the returned function is called. */
  sound: () => () => void
  /** Shows a notice outside the page; returns what takes it away. */
  notify: (ring: Ring) => () => void
}

/** Makes one ticket offer impossible to miss, and is silent the moment it is over. */
export class RingAlert {
  private offerId: string | null = null
  private undo: (() => void)[] = []

  constructor(private readonly options: RingAlertOptions) {}

  /** Feed every view: the ring it holds, or null. */
  follow(ring: Ring | null): void {
    if ((ring?.offer.id ?? null) === this.offerId) return
    this.stop()
    if (ring === null) return
    this.offerId = ring.offer.id
    this.undo = [this.options.sound(), this.options.notify(ring)]
  }

  stop(): void {
    this.offerId = null
    for (const undo of this.undo.splice(0)) undo()
  }
}

/** A notice of the operating system, if the agent allowed it; it names the number, nobody. */
export function systemNotice(title: string, body: string): () => void {
  if (!('Notification' in window) || Notification.permission !== 'granted') return () => undefined
  const notice = new Notification(title, { body, tag: 'xiaowu-ring', requireInteraction: true })
  notice.onclick = () => window.focus()
  return () => notice.close()
}
