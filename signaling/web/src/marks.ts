/** Moments of one call set-up, in ms since the epoch: read by the benchmark and by support. */
export interface Marks {
  call_id: string
  /** The agent pressed accept. */
  click?: number
  /** `link.attach` arrived. */
  accept_rx?: number
  /** The peer connection stood. */
  conn?: number
  /** The first remote picture was on the screen. */
  first?: number
}

declare global {
  interface Window {
    __marks?: Marks
  }
}

/** Notes the first time `name` happens in the call. */
export function mark(callId: string, name: 'click' | 'accept_rx' | 'conn' | 'first'): void {
  if (window.__marks?.call_id !== callId) window.__marks = { call_id: callId }
  window.__marks[name] ??= performance.timeOrigin + performance.now()
}
