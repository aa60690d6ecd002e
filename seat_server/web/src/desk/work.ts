import type { BreakReason, DeskConsult, DeskIdentity, DeskOffer, DeskTicket, DeskView } from '@xiaowu/wire'

/** What the agent is doing; decides what the desk shows and which keys mean something. */
export type Work = 'break' | 'idle' | 'ringing' | 'call' | 'wrap_up'

/** Derived from the view alone, so that F5, a reconnect and a restart need no case of their own. */
export function workOf(view: DeskView): Work {
  if (view.call !== null && view.call.state !== 'ended') return 'call'
  if (view.ticket !== null && (view.offer !== null || invitationOf(view) !== null)) return 'ringing'
  if (view.wrap_up !== null) return 'wrap_up'
  return view.status === 'available' ? 'idle' : 'break'
}

/** What rings: a ticket offer with its ticket, or a colleague's call this agent is asked into. */
export interface Ring {
  offer: Omit<DeskOffer, 'epoch'>
  ticket: DeskTicket
  invitation: DeskConsult | null
}

/** The invitation that rings here. */
function invitationOf(view: DeskView): DeskConsult | null {
  const { consult } = view
  return consult && !consult.host && consult.state === 'ringing' ? consult : null
}

/** The colleague's call this agent is in, as a guest. */
export function visitOf(view: DeskView | null): DeskConsult | null {
  const consult = view?.consult
  return consult && !consult.host && consult.state === 'joined' ? consult : null
}

export function ringOf(view: DeskView | null): Ring | null {
  if (view === null || workOf(view) !== 'ringing') return null
  const { offer, ticket } = view
  const invitation = invitationOf(view)
  if (ticket === null) return null
  if (invitation !== null) {
    const { id, invited_at: offered_at, expires_at } = invitation
    return { offer: { id, offered_at, expires_at }, ticket, invitation }
  }
  return offer === null ? null : { offer, ticket, invitation }
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

/** The call the agent serves or wraps up; null for a guest in a colleague's. */
export function callAtHand(view: DeskView | null): string | null {
  if (view === null || visitOf(view) !== null) return null
  if (view.call !== null && view.call.state !== 'ended') return view.call.id
  return view.wrap_up?.call_id ?? null
}

/** The call a note belongs to, and the note the server holds. */
export function noteOf(view: DeskView): { callId: string; text: string } | null {
  const callId = callAtHand(view)
  if (callId === null) return null
  return { callId, text: workOf(view) === 'call' ? view.note : (view.wrap_up?.note ?? '') }
}

/** The check that the agent may decide on: of who is in the call, or was until just now. */
export interface CheckAtHand {
  callId: string
  number: string
  identity: DeskIdentity | null
  /** When the wrap-up ends, and with it the time to decide; null while the call goes on. */
  until: number | null
}

export function checkAtHand(view: DeskView): CheckAtHand | null {
  const callId = callAtHand(view)
  if (callId === null) return null
  const { ticket, wrap_up } = view
  if (workOf(view) === 'call') {
    return ticket && { callId, number: ticket.number, identity: ticket.identity ?? null, until: null }
  }
  if (!wrap_up?.may_decide) return null
  return { callId, number: wrap_up.number, identity: wrap_up.identity ?? null, until: wrap_up.until }
}
