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
