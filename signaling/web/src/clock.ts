/**
 * The server's clock as seen from here. A message can only arrive late, so the sample that shows
 * the server furthest ahead is the one that travelled fastest. Runs on a monotonic local clock:
 * a booth whose wall clock is wrong or jumps still counts down correctly.
 */
export class ServerClock {
  private ahead: number | null = null

  constructor(
    private readonly monotonicMs: () => number = () => performance.now(),
    private readonly wallMs: () => number = () => Date.now(),
  ) {}

  /** Take note of a `server_time` that has just arrived. */
  observe(serverTime: number): void {
    const ahead = serverTime - this.monotonicMs() / 1000
    if (this.ahead === null || ahead > this.ahead) this.ahead = ahead
  }

  /** Forget what was learnt, at a new connection: machines sleep, servers move. */
  restart(): void {
    this.ahead = null
  }

  /** Seconds since the epoch by the server's clock; by the local one until a sample came. */
  get now(): number {
    if (this.ahead === null) return this.wallMs() / 1000
    return this.ahead + this.monotonicMs() / 1000
  }
}
