/** Reconnect delays with full jitter: a hall of kiosks must not come back in step. */
export class Backoff {
  private attempt = 0

  constructor(
    private readonly firstMs = 500,
    private readonly ceilingMs = 15_000,
    private readonly random: () => number = Math.random,
  ) {}

  /** How long to wait before the next attempt. */
  nextMs(): number {
    const bound = Math.min(this.ceilingMs, this.firstMs * 2 ** this.attempt)
    this.attempt = Math.min(this.attempt + 1, 16)
    return bound * this.random()
  }

  /** A connection stood: begin again with short delays. */
  reset(): void {
    this.attempt = 0
  }
}

/** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
