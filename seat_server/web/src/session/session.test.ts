import { describe, expect, it } from 'vitest'
import { ApiError, SessionApi } from './api'
import { signInProblem } from './sign_in_problem'

interface Call {
  path: string
  method: string
  csrf: string | undefined
  body: string | undefined
}

function server(answers: (Response | Error)[]) {
  const calls: Call[] = []
  const request = ((path: string, init: RequestInit) => {
    const headers = init.headers as Record<string, string>
    calls.push({
      path,
      method: init.method ?? '',
      csrf: headers['X-CSRF'],
      body: typeof init.body === 'string' ? init.body : undefined,
    })
    const answer = answers.shift() ?? new Error('no more answers')
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
  }) as typeof fetch
  return { api: new SessionApi(request), calls }
}

const me = { agent: { id: 'a07', name: '坐席07', role: 'agent' }, csrf: 'c-1' }

describe('SessionApi', () => {
  it('says that nobody is signed in instead of failing', async () => {
    const { api } = server([Response.json({ code: 'not_signed_in' }, { status: 401 })])
    expect(await api.whoami()).toBeNull()
  })

  it('sends the CSRF value of the session with everything that writes', async () => {
    const { api, calls } = server([
      Response.json(me),
      Response.json({ token: 't' }),
      new Response(null, { status: 204 }),
    ])
    expect((await api.whoami())?.name).toBe('坐席07')
    expect(await api.socketToken()).toBe('t')
    await api.signOut()
    expect(calls.map(({ method, path, csrf }) => [method, path, csrf])).toEqual([
      ['GET', '/api/session', undefined],
      ['POST', '/api/session/token', 'c-1'],
      ['DELETE', '/api/session', 'c-1'],
    ])
  })

  it('fetches a new CSRF value when the session was begun anew in another tab', async () => {
    const { api, calls } = server([
      Response.json({ code: 'csrf_missing' }, { status: 403 }),
      Response.json({ ...me, csrf: 'c-2' }),
      Response.json({ token: 't2' }),
    ])
    expect(await api.socketToken()).toBe('t2')
    expect(calls.at(-1)?.csrf).toBe('c-2')
  })

  it('reads the whole number for a call and a reason, also after a new sign-in elsewhere', async () => {
    const { api, calls } = server([
      Response.json({ code: 'csrf_missing' }, { status: 403 }),
      Response.json({ ...me, csrf: 'c-3' }),
      Response.json({ name: '测试', number: '11010519491231002X' }),
    ])
    expect((await api.unmask('c1', 'fill_form')).number).toBe('11010519491231002X')
    const last = calls.at(-1)
    expect([last?.path, last?.csrf]).toEqual(['/api/identity/unmask', 'c-3'])
    expect(JSON.parse(last?.body ?? '')).toEqual({ call_id: 'c1', reason: 'fill_form' })
  })

  it('sends the second person with what they stand by, and says why they were refused', async () => {
    const { api, calls } = server([
      Response.json({ code: 'password_wrong' }, { status: 403 }),
      new Response(null, { status: 204 }),
    ])
    const override = { reason: 'looked_and_same', note: '照片旧', login: 'lead', password: 'pw' } as const
    await expect(api.overrideIdentity('c1', override)).rejects.toMatchObject({ code: 'password_wrong' })
    await api.overrideIdentity('c1', override)
    expect(calls.map(({ path }) => path)).toEqual(Array(2).fill('/api/identity/overrides'))
    expect(JSON.parse(calls.at(-1)?.body ?? '')).toEqual({ call_id: 'c1', ...override })
  })

  it('keeps login and password out of the address', async () => {
    const { api, calls } = server([Response.json(me)])
    await api.signIn('a07', 'secret')
    expect(calls[0]?.path).toBe('/api/session')
    expect(calls[0]?.body).toBe('{"login":"a07","password":"secret"}')
  })

  it('tells a server out of reach from one that refuses', async () => {
    const { api } = server([
      new TypeError('failed to fetch'),
      new Response('<html>', { status: 502 }),
    ])
    await expect(api.seats()).rejects.toMatchObject({ code: 'unreachable', status: 0 })
    await expect(api.seats()).rejects.toMatchObject({ code: 'http_502', status: 502 })
  })

  it('reads how long an account stays locked', async () => {
    const locked = { status: 429, headers: { 'Retry-After': '610' } }
    const { api } = server([Response.json({ code: 'too_many_tries' }, locked)])
    await expect(api.signIn('a', 'b')).rejects.toMatchObject({
      code: 'too_many_tries',
      retryAfterS: 610,
    })
  })
})

describe('signInProblem', () => {
  it.each([
    [new ApiError('unreachable'), 'sign_in.unreachable', {}],
    [new ApiError('sign_in_failed', 401), 'sign_in.wrong', {}],
    [new ApiError('malformed', 422), 'sign_in.wrong', {}],
    [new ApiError('too_many_tries', 429, 610), 'sign_in.locked', { minutes: 11 }],
    [new ApiError('too_many_tries', 429), 'sign_in.locked_no_time', {}],
    [new ApiError('http_502', 502), 'sign_in.failed', { code: 'http_502' }],
  ])('has a sentence for %s', (error, key, params) => {
    expect(signInProblem(error)).toEqual({ key, params })
  })
})
