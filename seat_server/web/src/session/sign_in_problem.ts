import type { ApiError } from './api'

/** Which sentence tells somebody why they did not get in. */
export interface Problem {
  key: string
  params: Record<string, string | number>
}

/** The sentence for a sign-in the server refused or never received. */
export function signInProblem(error: ApiError): Problem {
  if (error.code === 'unreachable') return { key: 'sign_in.unreachable', params: {} }
  if (error.status === 429) {
    if (error.retryAfterS === null) return { key: 'sign_in.locked_no_time', params: {} }
    const minutes = Math.max(1, Math.ceil(error.retryAfterS / 60))
    return { key: 'sign_in.locked', params: { minutes } }
  }
  // 422: what was typed cannot be a login or password of ours, which is just as wrong.
  if (error.status === 401 || error.status === 422) return { key: 'sign_in.wrong', params: {} }
  return { key: 'sign_in.failed', params: { code: error.code } }
}
