import {
  type BreakReason,
  type ClientMessage,
  type DecisionReason,
  type DeclineReason,
  type DeskView,
  type IdentityDecision,
  type LinkStatus,
  mark,
  opId,
  RefusedError,
  type SelfView,
  type ServerEvent,
  type TransferReason,
  type UnmaskReason,
} from '@xiaowu/wire'
import { ApiError, type CatalogueItem, type Holder, type Override, type Person, SessionApi } from '../session/api'
import { HallLink } from '../session/hall_link'
import type { Memory } from '../session/memory'
import { Checklist } from './checklist'
import { Conversation } from './conversation'
import type { DeskState } from './desk_state'
import { NewestView } from './newest_view'
import { newsBetween } from './news'
import { NoteSaver } from './note_saver'
import { RingAlert, type RingAlertOptions } from './ring_alert'
import { Toasts } from './toasts'
import { addressOf, type TransferTarget } from './transfer'
import { callAtHand, noteOf, ringOf, workOf } from './work'

/** A command without the id that the desk gives it. */
type Wish<C extends ClientMessage = ClientMessage> = C extends { op_id: string }
  ? Omit<C, 'op_id'>
  : never

export interface DeskOptions {
  state: DeskState
  memory: Memory
  /** The text of a refusal, by its stable code. */
  refusalText: (code: string) => string
  newsText: (news: string) => string
  alert: RingAlertOptions
  client: string
  signal: AbortSignal
  api?: SessionApi
}

const LOOK_AGAIN_MS = 3000

const CHANGES_WORK: ReadonlySet<string> = new Set([
  'ticket.accept',
  'ticket.decline',
  'call.end',
  'call.no_show',
  'call.transfer',
  'consult.join',
  'consult.decline',
  'consult.end',
  'consult.hand_over',
  'wrap_up.finish',
])

/** The composition of a desk: session, link, view, media, notes and alarms; knows no framework. */
export class Desk {
  private readonly state: DeskState
  private readonly api: SessionApi
  private readonly hall: HallLink
  private readonly conversation: Conversation
  private readonly newest = new NewestView()
  private readonly notes: NoteSaver
  private readonly checklist = new Checklist(sessionStorage)
  private readonly alert: RingAlert
  readonly toasts: Toasts
  /** This agent just asked for a change of work, so its effect is not reported as news. */
  private asked = false
  private items: readonly CatalogueItem[] | null = null

  constructor(private readonly options: DeskOptions) {
    const { state, signal } = options
    this.state = state
    this.api = options.api ?? new SessionApi()
    this.toasts = new Toasts((toasts) => (state.toasts = toasts))
    this.alert = new RingAlert(options.alert)
    this.hall = new HallLink({
      api: this.api,
      client: options.client,
      onEvent: (event) => this.heard(event),
      onStatus: (status, code) => this.linkChanged(status, code),
      onSessionOver: () => this.sessionEnded(),
    })
    this.conversation = new Conversation(this.hall, state, signal)
    this.notes = new NoteSaver({
      save: (callId, text) => this.saveNote(callId, text),
      onChange: (noteState) => (state.noteState = noteState),
      onLost: () => this.toasts.show(options.refusalText('note_lost')),
    })
    const flush = (): void => void this.notes.flush()
    window.addEventListener('pagehide', flush, { signal })
    document.addEventListener('visibilitychange', flush, { signal })
    signal.addEventListener('abort', () => this.close(), { once: true })
  }

  get serverNow(): number {
    return this.hall.serverNow
  }

  /** Find out who sits here and go to where they were. */
  async start(): Promise<void> {
    try {
      const person = await this.api.whoami()
      this.state.unreachable = false
      if (person === null) this.state.place = 'sign_in'
      else this.enter(person)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.state.unreachable = true
      setTimeout(() => {
        if (!this.options.signal.aborted) void this.start()
      }, LOOK_AGAIN_MS)
    }
  }

  /** Raises ApiError when the server does not let them in. */
  async signIn(login: string, password: string): Promise<void> {
    const before = this.state.person
    const person = await this.api.signIn(login, password)
    if (before !== null && before.id !== person.id) window.location.reload()
    else this.enter(person)
  }

  /** Leave the seat and end the session. */
  async signOut(): Promise<void> {
    if (this.state.view !== null && !(await this.leaveSeat())) return
    try {
      await this.api.signOut()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.status !== 401) return this.toasts.show(this.options.refusalText(error.code))
    }
    this.hall.stop()
    this.show(null)
    Object.assign(this.state, { place: 'sign_in', person: null, sessionOver: false })
  }

  async lookForSeats(): Promise<void> {
    try {
      this.state.seats = await this.api.seats()
      this.state.unreachable = false
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.status === 401) this.sessionEnded()
      else this.state.unreachable = true
    }
  }

  async sit(seatId: string): Promise<void> {
    if (await this.ask({ type: 'seat.sign_in', seat_id: seatId })) {
      this.options.memory.rememberSeat(seatId)
    } else {
      await this.lookForSeats()
    }
  }

  async leaveSeat(): Promise<boolean> {
    await this.notes.flush()
    if (!(await this.ask({ type: 'seat.sign_out' }))) return false
    this.show(null)
    this.state.place = 'seats'
    return true
  }

  open(): Promise<boolean> {
    return this.ask({ type: 'seat.open' })
  }

  takeBreak(reason: BreakReason): Promise<boolean> {
    return this.ask({ type: 'seat.take_break', reason })
  }

  async accept(): Promise<boolean> {
    const ring = ringOf(this.state.view)
    if (ring !== null && ring.invitation !== null) return this.joinCall(ring.invitation.id)
    const offer = this.state.view?.offer
    if (ring === null || !offer || this.state.pending === 'ticket.accept') return false
    if (this.state.view?.link) mark(this.state.view.link.call_id, 'click')
    const { id: offer_id, epoch } = offer
    const asked = this.ask({ type: 'ticket.accept', offer_id, epoch })
    this.conversation.anticipate(true)
    const accepted = await asked
    if (!accepted) this.conversation.anticipate(false)
    return accepted
  }

  decline(reason: DeclineReason): Promise<boolean> {
    const ring = ringOf(this.state.view)
    if (ring !== null && ring.invitation !== null) {
      return this.ask({ type: 'consult.decline', consult_id: ring.invitation.id, reason })
    }
    const offer = this.state.view?.offer
    if (ring === null || !offer) return Promise.resolve(false)
    const { id: offer_id, epoch } = offer
    return this.ask({ type: 'ticket.decline', offer_id, epoch, reason })
  }

  endCall(): Promise<boolean> {
    const call = this.state.view?.call
    if (!call) return Promise.resolve(false)
    return this.ask({ type: 'call.end', call_id: call.id })
  }

  /** Nobody is in the booth: the ticket steps aside and is called again later. */
  markNoShow(): Promise<boolean> {
    const call = this.state.view?.call
    if (!call) return Promise.resolve(false)
    return this.ask({ type: 'call.no_show', call_id: call.id })
  }

  transfer(target: TransferTarget, reason: TransferReason): Promise<boolean> {
    const call = this.state.view?.call
    if (!call) return Promise.resolve(false)
    return this.ask({ type: 'call.transfer', call_id: call.id, reason, ...addressOf(target) })
  }

  /** Ask a colleague into the call, to hand it over with all three there. */
  invite(target: TransferTarget, reason: TransferReason): Promise<boolean> {
    const call = this.state.view?.call
    if (!call) return Promise.resolve(false)
    return this.ask({ type: 'consult.invite', call_id: call.id, reason, ...addressOf(target) })
  }

  /** The call is the colleague's from now on. */
  handCallOver(): Promise<boolean> {
    const consult = this.state.view?.consult
    if (!consult) return Promise.resolve(false)
    return this.ask({ type: 'consult.hand_over', consult_id: consult.id })
  }

  /** Take the invitation back, let the colleague go, or leave a colleague's call. */
  endConsult(): Promise<boolean> {
    const consult = this.state.view?.consult
    if (!consult) return Promise.resolve(false)
    return this.ask({ type: 'consult.end', consult_id: consult.id })
  }

  /** The view shows the code; asking again in the same call gives the same one. */
  giveReturnCode(): Promise<boolean> {
    const call = this.state.view?.call
    if (!call) return Promise.resolve(false)
    return this.ask({ type: 'call.give_return_code', call_id: call.id })
  }

  /** Have the resident in the call show who they are. */
  askIdentity(): Promise<boolean> {
    const call = this.state.view?.call
    if (!call) return Promise.resolve(false)
    return this.ask({ type: 'identity.ask', call_id: call.id })
  }

  /** In the call, or while it is wrapped up. */
  decideIdentity(decision: IdentityDecision, reason: DecisionReason, note: string): Promise<boolean> {
    const call_id = callAtHand(this.state.view)
    if (call_id === null) return Promise.resolve(false)
    return this.ask({ type: 'identity.decide', call_id, decision, reason, note })
  }

  /** Accept against the evidence, with a second person. Raises ApiError. */
  async overrideIdentity(override: Override): Promise<void> {
    await this.api.overrideIdentity(this.needCallAtHand(), override)
  }

  /** The whole name and number; kept nowhere but where they are shown. Raises ApiError. */
  async unmask(reason: UnmaskReason): Promise<Holder> {
    return this.api.unmask(this.needCallAtHand(), reason)
  }

  setShiftEnd(at: number | null): Promise<boolean> {
    return this.ask({ type: 'seat.set_shift_end', at })
  }

  /** What a resident may be handed on to by name; fetched once. */
  async itemsToSearch(): Promise<readonly CatalogueItem[]> {
    this.items ??= await this.api.items()
    return this.items
  }

  extendWrapUp(): Promise<boolean> {
    const wrapUp = this.state.view?.wrap_up
    if (!wrapUp || wrapUp.extensions_left === 0) return Promise.resolve(false)
    return this.ask({ type: 'wrap_up.extend', call_id: wrapUp.call_id })
  }

  /** Done; also takes the next resident when the seat is available. */
  async finishWrapUp(): Promise<boolean> {
    const wrapUp = this.state.view?.wrap_up
    if (!wrapUp) return false
    await this.notes.flush()
    return this.ask({ type: 'wrap_up.finish', call_id: wrapUp.call_id })
  }

  writeNote(text: string): void {
    this.state.noteText = text
    this.notes.edit(text)
  }

  keepNote(): void {
    void this.notes.flush()
  }

  tick(place: number): void {
    const { view } = this.state
    if (!view?.call || place >= (view.ticket?.item.materials.length ?? 0)) return
    this.state.ticked = this.checklist.toggle(view.call.id, place)
  }

  toggleMuted(): void {
    this.conversation.toggleMuted()
  }

  toggleCamera(): void {
    this.conversation.toggleCamera()
  }

  /** The agent's own picture, for whichever part of the desk has a place for it. */
  get selfView(): SelfView {
    return this.conversation.selfView
  }

  showResidentIn(videos: readonly [HTMLVideoElement, HTMLVideoElement], signal: AbortSignal): void {
    this.conversation.showIn(videos, signal)
  }

  showColleagueIn(videos: readonly [HTMLVideoElement, HTMLVideoElement], signal: AbortSignal): void {
    this.conversation.showColleagueIn(videos, signal)
  }

  takeBack(): void {
    this.hall.takeBack()
  }

  private needCallAtHand(): string {
    const callId = callAtHand(this.state.view)
    if (callId === null) throw new ApiError('call_closed', 409)
    return callId
  }

  private joinCall(consult_id: string): Promise<boolean> {
    if (this.state.pending === 'consult.join') return Promise.resolve(false)
    return this.ask({ type: 'consult.join', consult_id })
  }

  private enter(person: Person): void {
    this.state.person = person
    this.state.sessionOver = false
    if (person.role !== 'agent') {
      this.state.place = 'wrong_role'
      return
    }
    if (this.state.view === null) this.state.place = 'starting'
    this.hall.start()
  }

  private linkChanged(status: LinkStatus, code?: string): void {
    this.state.link = status
    this.state.linkCode = code ?? null
    if (status !== 'replaced') return
    this.alert.stop()
    this.conversation.release()
  }

  private heard(event: ServerEvent): void {
    switch (event.type) {
      case 'connection.welcomed':
        this.newest.begin()
        if (event.seat_id == null) {
          this.show(null)
          this.state.place = 'seats'
        }
        return
      case 'desk.updated':
        if (this.newest.accepts(event.view)) this.show(event.view)
        return
      case 'call.signalled':
        return this.conversation.signalled(event)
      default:
      // Of the other events the link makes a status, and none else is sent to a desk.
    }
  }

  private show(view: DeskView | null): void {
    const { state } = this
    const before = state.view
    state.view = view
    if (view === null) {
      this.alert.stop()
      this.conversation.follow(null)
      return
    }
    state.place = 'desk'
    this.conversation.follow(view)
    const answered = state.pending === 'ticket.accept' || state.pending === 'consult.join'
    this.alert.follow(answered ? null : ringOf(view))
    const note = noteOf(view)
    if (note !== null) {
      this.notes.follow(note.callId, note.text)
      state.noteText = this.notes.value
      state.ticked = this.checklist.read(note.callId)
    }
    const news = newsBetween(before, view, this.asked)
    if (news !== null) this.toasts.show(this.options.newsText(news), 'news')
    if (before === null || workOf(before) !== workOf(view)) this.asked = false
  }

  /** Sends a command; a refusal becomes a message in plain words. True when it was done. */
  private async ask(wish: Wish): Promise<boolean> {
    const { state } = this
    if (state.pending === wish.type) return false
    state.pending = wish.type
    if (CHANGES_WORK.has(wish.type)) this.asked = true
    if (wish.type === 'ticket.accept' || wish.type === 'consult.join') this.alert.stop()
    try {
      await this.hall.send({ ...wish, op_id: opId() } as ClientMessage)
      return true
    } catch (error) {
      this.asked = false
      const code = error instanceof RefusedError ? error.code : 'unanswered'
      this.toasts.show(this.options.refusalText(code))
      return false
    } finally {
      if (state.pending === wish.type) state.pending = null
    }
  }

  private async saveNote(call_id: string, text: string): Promise<void> {
    await this.hall.send({ type: 'call.save_note', op_id: opId(), call_id, text })
  }

  private sessionEnded(): void {
    if (this.state.person === null) return
    this.alert.stop()
    this.state.link = 'offline'
    this.state.sessionOver = true
    if (this.state.view === null) this.state.place = 'sign_in'
  }

  private close(): void {
    this.alert.stop()
    this.hall.stop()
  }
}
