import type { DecisionReason, Role, UnmaskReason } from '@xiaowu/wire'

/** Who is signed in at this browser. */
export interface Person {
  id: string
  name: string
  role: Role
}

/** A seat an agent may choose. */
export interface SeatChoice {
  id: string
  name: string
  agent_name: string | null
}

/** A service item of the catalogue, as far as a search needs it. */
export interface CatalogueItem {
  code: string
  name: string
  name_en: string
  department: string
  initials: string
}

/** Whom the resident's card names. */
export interface Holder {
  name: string
  number: string
}

/** Accepting a resident against the evidence: why, and who stands by it. */
export interface Override {
  reason: DecisionReason
  note: string
  login: string
  password: string
}

/** The server said no, or could not be reached (`unreachable`). */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  constructor(
    readonly code: string,
    readonly status = 0,
    /** Seconds after which another attempt makes sense. */
    readonly retryAfterS: number | null = null,
  ) {
    super(code)
  }
}

interface Whoami {
  agent: Person
  csrf: string
}

/** The REST side of a signed-in page. The session itself is a cookie this code never sees. */
export class SessionApi {
  private csrf = ''

  constructor(private readonly request: typeof fetch = (...args) => fetch(...args)) {}

  /** Who is signed in; null when nobody is. */
  async whoami(): Promise<Person | null> {
    try {
      return await this.adopt('GET')
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null
      throw error
    }
  }

  /** Sign in. Raises ApiError: 401 for a wrong login or password, 429 after too many attempts. */
  signIn(login: string, password: string): Promise<Person> {
    return this.adopt('POST', { login, password })
  }

  async signOut(): Promise<void> {
    await this.call('DELETE', '/api/session')
    this.csrf = ''
  }

  /** A token for one connection to the hall. */
  async socketToken(): Promise<string> {
    return ((await this.write('/api/session/token')) as { token: string }).token
  }

  async seats(): Promise<SeatChoice[]> {
    return ((await this.call('GET', '/api/seats')) as { seats: SeatChoice[] }).seats
  }

  async items(): Promise<CatalogueItem[]> {
    return ((await this.call('GET', '/api/items')) as { items: CatalogueItem[] }).items
  }

  async overrideIdentity(callId: string, override: Override): Promise<void> {
    await this.write('/api/identity/overrides', { call_id: callId, ...override })
  }

  async unmask(callId: string, reason: UnmaskReason): Promise<Holder> {
    return (await this.write('/api/identity/unmask', { call_id: callId, reason })) as Holder
  }

  private async write(path: string, body?: object): Promise<unknown> {
    try {
      return await this.call('POST', path, body)
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'csrf_missing') throw error
      // Signed in anew in another tab: same person, other value.
      await this.adopt('GET')
      return this.call('POST', path, body)
    }
  }

  private async adopt(method: 'GET' | 'POST', body?: object): Promise<Person> {
    const { agent, csrf } = (await this.call(method, '/api/session', body)) as Whoami
    this.csrf = csrf
    return agent
  }

  private async call(method: string, path: string, body?: object): Promise<unknown> {
    const headers: Record<string, string> = { Accept: 'application/json' }
    if (method !== 'GET') headers['X-CSRF'] = this.csrf
    if (body !== undefined) headers['Content-Type'] = 'application/json'
    const response = await this.request(path, {
      method,
      headers,
      credentials: 'same-origin',
      cache: 'no-store',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch(() => {
      throw new ApiError('unreachable')
    })
    if (!response.ok) throw await refusalOf(response)
    return response.status === 204 ? null : response.json()
  }
}

async function refusalOf(response: Response): Promise<ApiError> {
  const said: unknown = await response.json().catch(() => null)
  const code =
    typeof said === 'object' && said !== null && 'code' in said && typeof said.code === 'string'
      ? said.code
      : `http_${response.status}`
  const retryAfter = Number(response.headers.get('Retry-After') ?? Number.NaN)
  return new ApiError(code, response.status, Number.isFinite(retryAfter) ? retryAfter : null)
}
