/** After this long without a confirming tick the wall must say that it may be wrong. */
export const STALE_AFTER_S = 3

/** A lost answer to `view.sync` must not leave the wall wrong, nor may a gap become a storm. */
export const ASK_AGAIN_AFTER_S = 2

/**
 * Knows when the board was last known to be right, and when to ask for it afresh.
 * Times are seconds of a clock that never jumps, passed in.
 */
export class SyncWatch {
  private confirmedAt: number | null = null
  private askedAt: number | null = null

  /** The board is what the server has, at this moment. */
  confirm(now: number): void {
    this.confirmedAt = now
    this.askedAt = null
  }

  /** True when `view.sync` is to be sent now for a gap just seen. */
  shouldAsk(now: number): boolean {
    if (this.askedAt !== null && now - this.askedAt < ASK_AGAIN_AFTER_S) return false
    this.askedAt = now
    return true
  }

  /** Seconds since the board was last known to be right; null when it never was. */
  age(now: number): number | null {
    return this.confirmedAt === null ? null : Math.max(0, now - this.confirmedAt)
  }

  /** True when a viewer must be warned. */
  isStale(now: number): boolean {
    const age = this.age(now)
    return age === null || age > STALE_AFTER_S
  }
}
