import { RefusedError } from '@xiaowu/wire'

/** What the kiosk program tells its page. */
export interface Booth {
  server_url: string
  kiosk_id: string
  /** The languages on offer; the first is the one a new resident meets. */
  languages: string[]
  idle_reset_s: number
  /** What there is to put an ID card on; a demo's reader has a sample card. */
  card: { reader: 'simulated' | 'camera' | 'none'; sample_card: boolean }
}

/** Answers of the kiosk program come over loopback; longer than this means that it hangs. */
const DEADLINE_MS = 5_000

/** Reads what this booth is. Rejects with RefusedError when the program says why it cannot tell. */
export async function loadBooth(): Promise<Booth> {
  return (await ask('/booth.json')) as Booth
}

/** Fetches a fresh page token. Rejects with RefusedError, for instance when not enrolled. */
export async function pageToken(): Promise<string> {
  const { token } = (await ask('/token')) as { token: string }
  return token
}

async function ask(path: string): Promise<unknown> {
  const response = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(DEADLINE_MS) })
  if (response.ok) return response.json()
  // The program answers, but the hall does not: that is a line that is down, not a refusal.
  if (response.status >= 500) throw new Error(`${path}: ${response.status}`)
  const problem: unknown = await response.json().catch(() => null)
  const code = refusalCode(problem)
  if (code !== null) throw new RefusedError(code)
  throw new Error(`${path}: ${response.status}`)
}

function refusalCode(problem: unknown): string | null {
  if (typeof problem !== 'object' || problem === null || !('code' in problem)) return null
  return typeof problem.code === 'string' ? problem.code : null
}
