import type { BreakReason, DeskOffer, DeskTicket, DeskView } from '@xiaowu/wire'

/** What the agent is doing; decides what the desk shows and which keys mean something. */
export type Work = 'break' | 'idle' | 'ringing' | 'call' | 'wrap_up'

/** Derived from the view alone, so that F5, a reconnect and a restart need no case of their own. */
export function workOf(view: DeskView): Work {
  if (view.call !== null && view.call.state !== 'ended') return 'call'
  if (view.offer !== null && view.ticket !== null) return 'ringing'
  if (view.wrap_up !== null) return 'wrap_up'
  return view.status === 'available' ? 'idle' : 'break'
}

/** A ticket offer together with its ticket, while it rings. */
export interface Ring {
  offer: DeskOffer
  ticket: DeskTicket
}

export function ringOf(view: DeskView | null): Ring | null {
  if (view === null || workOf(view) !== 'ringing') return null
  return view.offer !== null && view.ticket !== null
    ? { offer: view.offer, ticket: view.ticket }
    : null
}

/** The breaks a person may choose; the server sets the others. */
export const CHOSEN_BREAKS = [
  'rest',
  'meal',
  'meeting',
  'training',
  'paperwork',
] as const satisfies readonly BreakReason[]

/** True while the camera should be open: for the check before work, warm before a ring, dark on a break. */
export function wantsCamera(view: DeskView | null): boolean {
  if (view === null) return false
  const work = workOf(view)
  if (work === 'ringing' || work === 'call') return true
  return view.status === 'available' || view.break_reason === 'preparing'
}

/** The call a note belongs to, and the note the server holds. */
export function noteOf(view: DeskView): { callId: string; text: string } | null {
  if (view.call !== null && view.call.state !== 'ended') {
    return { callId: view.call.id, text: view.note }
  }
  if (view.wrap_up !== null) return { callId: view.wrap_up.call_id, text: view.wrap_up.note }
  return null
}
