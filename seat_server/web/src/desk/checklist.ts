/** Which materials of the running call the agent has seen. Kept for this tab and this call only. */
export class Checklist {
  constructor(
    private readonly store: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
    private readonly key = 'xiaowu.desk.materials',
  ) {}

  /** The ticked places of the list, from before a reload too; those of another call are forgotten. */
  read(callId: string): Set<number> {
    const [owner, ...places] = (this.store.getItem(this.key) ?? '').split(' ')
    if (owner !== callId) {
      this.store.removeItem(this.key)
      return new Set()
    }
    return new Set(places.map(Number).filter(Number.isInteger))
  }

  /** Tick or untick one place; returns all that are ticked. */
  toggle(callId: string, place: number): Set<number> {
    const ticked = this.read(callId)
    if (!ticked.delete(place)) ticked.add(place)
    this.store.setItem(this.key, [callId, ...ticked].join(' '))
    return ticked
  }
}
