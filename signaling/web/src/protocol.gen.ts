// Generated from signaling/protocol by `npm run protocol`. Do not edit.

export const PROTOCOL_VERSION = 1
export const MAX_MESSAGE_BYTES = 65536

/**
 * What decides whether a guardian is needed.
 */
export type AgeGroup = 'under_14' | 'from_14'
/**
 * Why one ticket is served before another: the words of the explanation.
 */
export type Precedence =
  | 'earlier'
  | 'technical_drop'
  | 'green'
  | 'ceiling'
  | 'returned'
  | 'appointment'
  | 'recalled'
  | 'behind'
export type Answer = Done | TicketTaken | ReturnCodeGiven | Refused
/**
 * Why a seat is on break.
 */
export type BreakReason =
  | 'preparing'
  | 'rest'
  | 'meal'
  | 'meeting'
  | 'training'
  | 'paperwork'
  | 'no_answer'
  | 'declined_often'
  | 'shift_over'
/**
 * Why a call ended.
 */
export type CallEndReason =
  | 'resident_left'
  | 'agent_hung_up'
  | 'kiosk_lost'
  | 'seat_lost'
  | 'media_lost'
  | 'never_connected'
  | 'service_closed'
  | 'no_show'
  | 'transferred'
/**
 * Where a call stands.
 */
export type CallState = 'connecting' | 'connected' | 'reconnecting' | 'ended'
/**
 * What one side of a call receives from the other.
 */
export type MediaReport = 'none' | 'flowing' | 'stalled'
/**
 * How the card was read.
 */
export type CardSource = 'chip' | 'camera' | 'simulated'
export type ClientMessage =
  | TakeTicket
  | LeaveTicket
  | StepAway
  | ComeBack
  | RateCall
  | SkipRating
  | WithdrawIdentity
  | SignIn
  | SignOut
  | OpenSeat
  | TakeBreak
  | SetShiftEnd
  | AcceptTicket
  | DeclineTicket
  | MarkNoShow
  | TransferCall
  | InviteColleague
  | JoinCall
  | DeclineInvitation
  | EndConsult
  | HandCallOver
  | GiveReturnCode
  | ExtendWrapUp
  | FinishWrapUp
  | SaveNote
  | AskIdentity
  | DecideIdentity
  | EndCall
  | ReportMedia
  | RebuildMedia
  | SendSignal
  | SyncView
  | ReportHealth
/**
 * Why a ticket goes through the green channel (绿色通道).
 */
export type GreenReason = 'elderly' | 'disabled' | 'pregnant' | 'military'
/**
 * A language a resident may choose.
 */
export type Language = 'zh' | 'en' | 'bo'
/**
 * Why an agent does not take the ticket offered.
 */
export type DeclineReason =
  'not_my_field' | 'language' | 'equipment' | 'conflict_of_interest' | 'other'
/**
 * Why an agent hands a resident on.
 */
export type TransferReason =
  'wrong_item' | 'needs_specialist' | 'language' | 'shift_over' | 'equipment' | 'other'
/**
 * What the agent decided.
 */
export type IdentityDecision = 'confirmed' | 'refused'
/**
 * Why the agent decided so.
 */
export type DecisionReason =
  | 'evidence_agrees'
  | 'looked_and_same'
  | 'other_document'
  | 'answered_questions'
  | 'not_the_same'
  | 'card_doubtful'
  | 'would_not_show'
  | 'under_pressure'
  | 'other'
/**
 * What the seat is doing; only the server changes it.
 */
export type SeatState = 'idle' | 'reserved' | 'in_call' | 'wrap_up'
/**
 * What the agent asked for; only people change it (and the sweeper, for one who is gone).
 */
export type SeatStatus = 'offline' | 'available' | 'on_break'
/**
 * Why an invitation is over.
 */
export type ConsultEnd =
  | 'declined'
  | 'timed_out'
  | 'withdrawn'
  | 'left'
  | 'handed_over'
  | 'seat_lost'
  | 'media_lost'
  | 'call_over'
/**
 * Where the invitation of a colleague into a call stands (warm hand-over).
 */
export type ConsultState = 'ringing' | 'joined' | 'ended'
/**
 * The two ends of a call.
 */
export type Party = 'resident' | 'agent'
/**
 * Why a check ended without a verdict.
 */
export type EndingReason =
  'cancelled' | 'timed_out' | 'witness_lost' | 'no_camera' | 'card_failed' | 'other'
/**
 * What the evidence comes to, by rule. The agent decides.
 */
export type IdentityGrade = 'clear' | 'unsure' | 'refused' | 'manual'
/**
 * Who consents for a child under 14.
 */
export type GuardianRelation = 'parent' | 'grandparent' | 'other'
/**
 * What a component says.
 */
export type Mark = 'good' | 'unclear' | 'bad' | 'missing'
/**
 * A component of the evidence.
 */
export type IdentityPart = 'card' | 'face' | 'alive' | 'capture'
/**
 * Where the check of a ticket's resident stands.
 */
export type IdentityState = 'not_asked' | 'asked' | 'in_progress' | 'graded' | 'ended' | 'withdrawn'
/**
 * How the resident chose to show who they are; both lead to the same service.
 */
export type IdentityWay = 'face' | 'no_face'
/**
 * Which part of the line a ticket stands in; within a lane the earlier place goes first.
 */
export type Lane = 'ordinary' | 'technical_drop' | 'returned' | 'appointment' | 'recalled'
/**
 * Which screen a kiosk belongs on.
 */
export type KioskPhase = 'idle' | 'waiting' | 'parked' | 'ringing' | 'in_call' | 'rating'
/**
 * Why a ticket is parked.
 */
export type ParkReason = 'stepped_away' | 'no_show'
/**
 * How a ticket offer ended.
 */
export type OfferOutcome = 'accepted' | 'declined' | 'timed_out' | 'revoked'
/**
 * Where a place in the queue stands.
 */
export type TicketState =
  'waiting' | 'offered' | 'parked' | 'serving' | 'completed' | 'abandoned' | 'expired'
/**
 * Why a ticket is no longer open.
 */
export type TicketEndReason =
  | 'served'
  | 'resident_left'
  | 'kiosk_lost'
  | 'media_failed'
  | 'service_closed'
  | 'not_present'
  | 'stayed_away'
/**
 * What a connection may do.
 */
export type Role = 'kiosk_page' | 'kiosk_device' | 'agent' | 'supervisor' | 'admin'
export type ServerEvent =
  | Welcomed
  | KioskUpdated
  | DeskUpdated
  | WallReset
  | WallUpdated
  | Ticked
  | Signalled
  | AttachmentReplaced
  | AccessRevoked
  | ServerClosing
/**
 * Why an agent reads the whole number.
 */
export type UnmaskReason = 'fill_form' | 'compare_document' | 'search_record' | 'hand_to_department'

/**
 * The wire between kiosks, seats, walls and the server.
 */
export interface Protocol {
  AcceptTicket: AcceptTicket
  AccessRevoked: AccessRevoked
  AgeGroup: AgeGroup
  Ahead: Ahead
  AliveEvidence: AliveEvidence
  Answer: Answer
  AskIdentity: AskIdentity
  AttachmentReplaced: AttachmentReplaced
  BreakReason: BreakReason
  CallEndReason: CallEndReason
  CallState: CallState
  CallView: CallView
  Candidate: Candidate
  CaptureEvidence: CaptureEvidence
  CardEvidence: CardEvidence
  CardSource: CardSource
  ClientMessage: ClientMessage
  Colleague: Colleague
  ComeBack: ComeBack
  ConsultEnd: ConsultEnd
  ConsultState: ConsultState
  CueEvidence: CueEvidence
  DecideIdentity: DecideIdentity
  DecisionReason: DecisionReason
  DeclineInvitation: DeclineInvitation
  DeclineReason: DeclineReason
  DeclineTicket: DeclineTicket
  Description: Description
  DeskConsult: DeskConsult
  DeskDecision: DeskDecision
  DeskIdentity: DeskIdentity
  DeskMark: DeskMark
  DeskOffer: DeskOffer
  DeskTicket: DeskTicket
  DeskUpdated: DeskUpdated
  DeskView: DeskView
  Done: Done
  EndCall: EndCall
  EndConsult: EndConsult
  EndingReason: EndingReason
  ExtendWrapUp: ExtendWrapUp
  FaceEvidence: FaceEvidence
  FinishWrapUp: FinishWrapUp
  GiveReturnCode: GiveReturnCode
  GreenReason: GreenReason
  GuardianRelation: GuardianRelation
  HandCallOver: HandCallOver
  Hello: Hello
  IceServer: IceServer
  IdentityDecision: IdentityDecision
  IdentityEvidence: IdentityEvidence
  IdentityGrade: IdentityGrade
  IdentityPart: IdentityPart
  IdentityState: IdentityState
  IdentityWay: IdentityWay
  InviteColleague: InviteColleague
  ItemGuide: ItemGuide
  ItemRef: ItemRef
  JoinCall: JoinCall
  KioskColleague: KioskColleague
  KioskIdentity: KioskIdentity
  KioskPhase: KioskPhase
  KioskTicket: KioskTicket
  KioskUpdated: KioskUpdated
  KioskView: KioskView
  Lane: Lane
  Language: Language
  LeaveTicket: LeaveTicket
  LocationRef: LocationRef
  Mark: Mark
  MarkNoShow: MarkNoShow
  MediaLink: MediaLink
  MediaReport: MediaReport
  OfferOutcome: OfferOutcome
  OpenSeat: OpenSeat
  ParkReason: ParkReason
  Party: Party
  Precedence: Precedence
  QueueGlance: QueueGlance
  QueueLine: QueueLine
  RateCall: RateCall
  RatingDue: RatingDue
  RebuildMedia: RebuildMedia
  Refused: Refused
  ReportHealth: ReportHealth
  ReportMedia: ReportMedia
  ReturnCode: ReturnCode
  ReturnCodeGiven: ReturnCodeGiven
  Role: Role
  SaveNote: SaveNote
  SeatState: SeatState
  SeatStatus: SeatStatus
  SendSignal: SendSignal
  ServerClosing: ServerClosing
  ServerEvent: ServerEvent
  ServiceHours: ServiceHours
  SetShiftEnd: SetShiftEnd
  SignIn: SignIn
  SignOut: SignOut
  Signalled: Signalled
  SkipRating: SkipRating
  StepAway: StepAway
  SyncView: SyncView
  TakeBreak: TakeBreak
  TakeTicket: TakeTicket
  Ticked: Ticked
  TicketEndReason: TicketEndReason
  TicketState: TicketState
  TicketTaken: TicketTaken
  TransferCall: TransferCall
  TransferReason: TransferReason
  UnmaskReason: UnmaskReason
  WaitRange: WaitRange
  WallAlert: WallAlert
  WallKiosk: WallKiosk
  WallLocation: WallLocation
  WallReset: WallReset
  WallSeat: WallSeat
  WallTicket: WallTicket
  WallToday: WallToday
  WallUpdated: WallUpdated
  WallView: WallView
  Welcomed: Welcomed
  WithdrawIdentity: WithdrawIdentity
  WrapUpView: WrapUpView
}
/**
 * Agent: accept the ticket offered. Quotes the epoch of the lease; a late accept is refused.
 */
export interface AcceptTicket {
  epoch: number
  offer_id: string
  op_id: string
  type: 'ticket.accept'
}
/**
 * The session or device was revoked; this connection ends now.
 */
export interface AccessRevoked {
  type: 'access.revoked'
}
/**
 * So many stand before this ticket for that reason.
 */
export interface Ahead {
  count: number
  why: Precedence
}
/**
 * Whether somebody alive was there and followed the cues.
 */
export interface AliveEvidence {
  cues: CueEvidence[]
  outcome: string
  passive: number | null
  signs: string[]
  unbroken: boolean | null
}
/**
 * One cue that was asked.
 */
export interface CueEvidence {
  kind: string
  outcome: string
}
/**
 * Answer: committed.
 */
export interface Done {
  op_id: string | null
  type: 'done'
}
/**
 * Answer to `ticket.take`.
 */
export interface TicketTaken {
  number: string
  op_id: string
  ticket_id: string
  type: 'ticket.taken'
}
/**
 * Answer to `call.give_return_code`.
 */
export interface ReturnCodeGiven {
  code: string
  op_id: string
  type: 'return_code.given'
  valid_until: number
}
/**
 * Answer: refused, and nothing was changed.
 */
export interface Refused {
  code: string
  detail: string
  op_id: string | null
  type: 'refused'
}
/**
 * Agent: have the resident in the call show who they are.
 */
export interface AskIdentity {
  call_id: string
  op_id: string
  type: 'identity.ask'
}
/**
 * The same kiosk or seat was opened elsewhere; this connection ends now and must not return.
 */
export interface AttachmentReplaced {
  type: 'attachment.replaced'
}
/**
 * A call, as both of its sides see it.
 */
export interface CallView {
  agent_media: MediaReport
  away_deadline: number | null
  connected_at: number | null
  id: string
  peer_away_since: number | null
  peer_present: boolean
  resident_media: MediaReport
  started_at: number
  state: CallState
}
/**
 * One ICE candidate as `RTCIceCandidateInit`. Never logged.
 */
export interface Candidate {
  candidate: string
  sdp_m_line_index?: number | null
  sdp_mid?: string | null
}
/**
 * What the system tells of the camera.
 */
export interface CaptureEvidence {
  suspicion: string
}
/**
 * What the card says, without the person.
 */
export interface CardEvidence {
  age: number | null
  birth_year: number | null
  contradictions: string[]
  expired: boolean | null
  least_confidence: number | null
  masked_name: string
  masked_number: string
  number_valid: boolean
  outcome: string
  source: CardSource
}
/**
 * Kiosk: take a place in the line for a service item, or with a code for what it is for.
 */
export interface TakeTicket {
  code?: string | null
  green?: GreenReason | null
  item_code?: string | null
  language?: Language
  op_id: string
  type: 'ticket.take'
}
/**
 * Kiosk: give the place up.
 */
export interface LeaveTicket {
  op_id: string
  ticket_id: string
  type: 'ticket.leave'
}
/**
 * Kiosk: keep my place, but do not call me for a while (暂离).
 */
export interface StepAway {
  op_id: string
  ticket_id: string
  type: 'ticket.step_away'
}
/**
 * Kiosk: I am here again.
 */
export interface ComeBack {
  op_id: string
  ticket_id: string
  type: 'ticket.come_back'
}
/**
 * Kiosk: rate the service, 1 (very bad) to 5 (very good); once per ticket.
 */
export interface RateCall {
  op_id: string
  score: number
  ticket_id: string
  type: 'ticket.rate'
}
/**
 * Kiosk: the resident goes without rating.
 */
export interface SkipRating {
  op_id: string
  ticket_id: string
  type: 'ticket.skip_rating'
}
/**
 * Kiosk: the resident takes the consent back (撤回); what is personal of it is deleted.
 */
export interface WithdrawIdentity {
  op_id: string
  ticket_id: string
  type: 'identity.withdraw'
}
/**
 * Agent: sit down at a seat.
 */
export interface SignIn {
  op_id: string
  seat_id: string
  type: 'seat.sign_in'
}
/**
 * Agent: leave the seat; refused during a call.
 */
export interface SignOut {
  op_id: string
  type: 'seat.sign_out'
}
/**
 * Agent: ready for residents.
 */
export interface OpenSeat {
  op_id: string
  type: 'seat.open'
}
/**
 * Agent: no more residents after the current one, with a reason.
 */
export interface TakeBreak {
  op_id: string
  reason: BreakReason
  type: 'seat.take_break'
}
/**
 * Agent: when my shift ends; the resident of that moment is finished first. None: no end.
 */
export interface SetShiftEnd {
  at: number | null
  op_id: string
  type: 'seat.set_shift_end'
}
/**
 * Agent: not this one, with a reason; the ticket keeps its place.
 */
export interface DeclineTicket {
  epoch: number
  offer_id: string
  op_id: string
  reason: DeclineReason
  type: 'ticket.decline'
}
/**
 * Agent: nobody is in the booth (过号); the ticket is called again later.
 */
export interface MarkNoShow {
  call_id: string
  op_id: string
  type: 'call.no_show'
}
/**
 * Agent: hand the resident on, to another item, a department or a seat; exactly one of them.
 */
export interface TransferCall {
  call_id: string
  op_id: string
  reason: TransferReason
  to_department?: string | null
  to_item?: string | null
  to_seat?: string | null
  type: 'call.transfer'
}
/**
 * Agent: ask a colleague into the call, to hand it over with all three there (warm).
 *
 * Exactly one of the targets: a free seat, or whoever is free and serves an item or a department.
 */
export interface InviteColleague {
  call_id: string
  op_id: string
  reason: TransferReason
  to_department?: string | null
  to_item?: string | null
  to_seat?: string | null
  type: 'consult.invite'
}
/**
 * Agent: accept the invitation that rings.
 */
export interface JoinCall {
  consult_id: string
  op_id: string
  type: 'consult.join'
}
/**
 * Agent: not me, with a reason; the call goes on without.
 */
export interface DeclineInvitation {
  consult_id: string
  op_id: string
  reason: DeclineReason
  type: 'consult.decline'
}
/**
 * Either agent: the colleague leaves the call, or the invitation is taken back.
 */
export interface EndConsult {
  consult_id: string
  op_id: string
  type: 'consult.end'
}
/**
 * Agent: the call is the colleague's, who is in it, from now on.
 */
export interface HandCallOver {
  consult_id: string
  op_id: string
  type: 'consult.hand_over'
}
/**
 * Agent: a code with which the resident comes back for the same matter (回头号).
 */
export interface GiveReturnCode {
  call_id: string
  op_id: string
  type: 'call.give_return_code'
}
/**
 * Agent: more time for after-call work.
 */
export interface ExtendWrapUp {
  call_id: string
  op_id: string
  type: 'wrap_up.extend'
}
/**
 * Agent: done with after-call work.
 */
export interface FinishWrapUp {
  call_id: string
  op_id: string
  type: 'wrap_up.finish'
}
/**
 * Agent: keep a note on the call; the last one saved stands.
 */
export interface SaveNote {
  call_id: string
  op_id: string
  text: string
  type: 'call.save_note'
}
/**
 * Agent: is it the person; in the call, or while it is wrapped up.
 *
 * What goes against the evidence needs a second person, over REST.
 */
export interface DecideIdentity {
  call_id: string
  decision: IdentityDecision
  note?: string
  op_id: string
  reason: DecisionReason
  type: 'identity.decide'
}
/**
 * Either side: end the call.
 */
export interface EndCall {
  call_id: string
  op_id: string
  type: 'call.end'
}
/**
 * Either side: what I receive from the other has changed.
 */
export interface ReportMedia {
  call_id: string
  media: MediaReport
  media_epoch: number
  op_id: string
  type: 'call.report_media'
}
/**
 * Either side: build the peer connections anew; names the media epoch it saw fail.
 */
export interface RebuildMedia {
  call_id: string
  media_epoch: number
  op_id: string
  type: 'call.rebuild_media'
}
/**
 * Either side: an SDP description or an ICE candidate for the other; relayed, not stored.
 */
export interface SendSignal {
  call_id: string
  candidate?: Candidate | null
  description?: Description | null
  media_epoch: number
  type: 'call.signal'
}
/**
 * An SDP offer or answer. Never logged.
 */
export interface Description {
  sdp?: string
  type: 'offer' | 'answer' | 'rollback'
}
/**
 * Anyone: send me my view afresh (after a gap, a wake-up, a doubt).
 */
export interface SyncView {
  type: 'view.sync'
}
/**
 * Kiosk program: how the booth is. Kept as the latest word, not in the journal.
 */
export interface ReportHealth {
  camera: 'ok' | 'missing' | 'unknown'
  disk_free_mib: number
  microphone: 'ok' | 'missing' | 'unknown'
  page_attached: boolean
  type: 'kiosk.report_health'
  uptime_s: number
  version: string
}
/**
 * Another window a resident can be handed to.
 */
export interface Colleague {
  agent_name: string
  departments: string[]
  seat_id: string
  seat_name: string
  state: SeatState
  status: SeatStatus
}
/**
 * A colleague in an agent's call, or an agent in a colleague's (warm hand-over).
 */
export interface DeskConsult {
  agent_name: string
  department: string
  end_reason: ConsultEnd | null
  expires_at: number
  host: boolean
  id: string
  invited_at: number
  item: ItemRef
  link: MediaLink | null
  ready: boolean
  reason: TransferReason
  seat_name: string
  state: ConsultState
}
/**
 * A service item, by name.
 */
export interface ItemRef {
  code: string
  name: string
  name_en: string
}
/**
 * Build (or keep) a peer connection to the other side.
 *
 * It exists from the moment the ticket is offered, so that the transport stands before anyone
 * accepts. `attach` is False until then: no camera or microphone may be attached.
 */
export interface MediaLink {
  attach: boolean
  call_id: string
  ice_servers: IceServer[]
  media_epoch: number
  peer_present: boolean
  peer_restarts_ice: boolean
  you_are: Party
}
/**
 * A STUN or TURN server, as RTCIceServer wants it.
 */
export interface IceServer {
  credential: string | null
  urls: string[]
  username: string | null
}
/**
 * What an agent decided, and who stood by it.
 */
export interface DeskDecision {
  at: number
  by: string
  decision: IdentityDecision
  note: string
  reason: DecisionReason
  seconded_by: string | null
}
/**
 * The check of the resident, as the agent who serves them sees it.
 */
export interface DeskIdentity {
  age_group: AgeGroup | null
  decision: DeskDecision | null
  ending: EndingReason | null
  evidence: IdentityEvidence | null
  grade: IdentityGrade | null
  guardian: GuardianRelation | null
  marks: DeskMark[]
  may_unmask: boolean
  needs_second: boolean
  state: IdentityState
  state_since: number
  until: number | null
  way: IdentityWay | null
}
/**
 * The components of a verdict, as stored and shown.
 */
export interface IdentityEvidence {
  alive: AliveEvidence | null
  capture: CaptureEvidence | null
  card: CardEvidence | null
  face: FaceEvidence | null
}
/**
 * The face in the booth against the portrait on the card.
 */
export interface FaceEvidence {
  band: string | null
  calibration: string
  capped: boolean
  engine: string
  engine_version: string
  frames: number
  outcome: string
  portrait_outcome: string
  similarity: number | null
}
/**
 * What one component says.
 */
export interface DeskMark {
  mark: Mark
  part: IdentityPart
}
/**
 * A ticket offer that rings.
 */
export interface DeskOffer {
  epoch: number
  expires_at: number
  id: string
  offered_at: number
}
/**
 * The ticket an agent is offered or serves.
 */
export interface DeskTicket {
  arrived_at: number
  green: GreenReason | null
  hand_overs: number
  handed_over_by: string | null
  id: string
  identity: DeskIdentity | null
  item: ItemGuide
  kiosk_name: string
  lane: Lane
  language: Language
  location: LocationRef
  number: string
  recalls: number
}
/**
 * A service item with what an agent needs beside the picture.
 */
export interface ItemGuide {
  basis: string
  code: string
  department: string
  fee: string
  materials: string[]
  name: string
  name_en: string
  time_limit: string
}
/**
 * Where a kiosk stands.
 */
export interface LocationRef {
  id: string
  name: string
  name_en: string
  time_zone: string
}
/**
 * A desk's view changed.
 */
export interface DeskUpdated {
  type: 'desk.updated'
  view: DeskView
}
/**
 * Everything an agent's desk shows.
 */
export interface DeskView {
  agent_name: string
  break_reason: BreakReason | null
  call: CallView | null
  colleagues: Colleague[]
  consult: DeskConsult | null
  link: MediaLink | null
  note: string
  offer: DeskOffer | null
  queue: QueueGlance
  return_code: ReturnCode | null
  seat_id: string
  seat_name: string
  seq: number
  served_today: number
  server_time: number
  shift_ends_at: number | null
  state: SeatState
  state_since: number
  status: SeatStatus
  ticket: DeskTicket | null
  wrap_up: WrapUpView | null
}
/**
 * The line, at a glance.
 */
export interface QueueGlance {
  first: QueueLine[]
  oldest_arrival: number | null
  seats_available: number
  seats_in_call: number
  waiting: number
}
/**
 * One who waits, at a glance.
 */
export interface QueueLine {
  arrived_at: number
  away: boolean
  green: GreenReason | null
  item: ItemRef
  lane: Lane
  location: LocationRef
  number: string
}
/**
 * The code with which a resident comes back for the same matter (回头号).
 */
export interface ReturnCode {
  code: string
  valid_until: number
}
/**
 * After-call work that runs.
 */
export interface WrapUpView {
  call_end: CallEndReason
  call_id: string
  extensions_left: number
  identity: DeskIdentity | null
  item: ItemRef
  may_decide: boolean
  note: string
  number: string
  until: number
}
/**
 * What a client sends with CONNECT (Socket.IO `auth`).
 */
export interface Hello {
  client?: string
  protocol: number
  restarts_ice?: boolean
  token: string
}
/**
 * A second agent, asked into the call.
 */
export interface KioskColleague {
  link: MediaLink | null
  seat_name: string
}
/**
 * The check, as the kiosk's page shows it.
 */
export interface KioskIdentity {
  asked: boolean
  decision: IdentityDecision | null
  grade: IdentityGrade | null
  state: IdentityState
  tries_left: number
  way: IdentityWay | null
}
/**
 * The resident's place in the line.
 */
export interface KioskTicket {
  ahead: number
  arrived_at: number
  before: Ahead[]
  green: GreenReason | null
  green_wanted: GreenReason | null
  hand_overs: number
  id: string
  item: ItemRef
  lane: Lane
  language: Language
  may_step_away: boolean
  number: string
  parked_because: ParkReason | null
  parked_until: number | null
  recalls_left: number
  returned_because: CallEndReason | OfferOutcome | null
  soon: boolean
  state: TicketState
  wait: WaitRange | null
  windows_open: number
}
/**
 * How long it will take until the call, in seconds from `at`, told honestly.
 *
 * Half of the time it is over by `low_s`, nine times out of ten by `high_s`.
 */
export interface WaitRange {
  at: number
  high_s: number
  low_s: number
}
/**
 * A kiosk's view changed.
 */
export interface KioskUpdated {
  type: 'kiosk.updated'
  view: KioskView
}
/**
 * Everything a kiosk's page shows.
 */
export interface KioskView {
  call: CallView | null
  colleague: KioskColleague | null
  hours: ServiceHours
  identity: KioskIdentity | null
  kiosk_id: string
  kiosk_name: string
  last_end: TicketEndReason | null
  last_end_at: number | null
  link: MediaLink | null
  location: LocationRef
  phase: KioskPhase
  rating: RatingDue | null
  return_code: ReturnCode | null
  seat_name: string | null
  seq: number
  server_time: number
  ticket: KioskTicket | null
}
/**
 * Whether the hall is open for this kiosk now, and what comes next. Moments of today.
 */
export interface ServiceHours {
  closes_at: number | null
  last_ticket_at: number | null
  open: boolean
  opens_at: number | null
}
/**
 * The resident may rate the call that just ended.
 */
export interface RatingDue {
  seat_name: string
  ticket_id: string
  until: number
}
/**
 * The server goes down on purpose; come back after about `retry_after_s`.
 */
export interface ServerClosing {
  retry_after_s: number
  type: 'server.closing'
}
/**
 * The first event on a connection.
 */
export interface Welcomed {
  protocol: number
  role: Role
  seat_id: string | null
  server_time: number
  server_version: string
  subject: string
  type: 'connection.welcomed'
}
/**
 * The wall's whole view: at hello, and after `view.sync`.
 */
export interface WallReset {
  type: 'wall.reset'
  view: WallView
}
/**
 * Everything the wall shows.
 */
export interface WallView {
  locations: WallLocation[]
  seats: WallSeat[]
  seq: number
  server_time: number
  tickets: WallTicket[]
  today: WallToday
}
/**
 * One location on the wall.
 */
export interface WallLocation {
  behind_s: number
  id: string
  in_call: number
  kiosks: WallKiosk[]
  longest_wait_s: number | null
  name: string
  name_en: string
  oldest_arrival: number | null
  p90_wait_s: number | null
  served_today: number
  waiting: number
}
/**
 * One kiosk on the wall.
 */
export interface WallKiosk {
  id: string
  name: string
  online: boolean
  phase: KioskPhase
}
/**
 * One seat on the wall.
 */
export interface WallSeat {
  agent_name: string | null
  away: boolean
  break_reason: BreakReason | null
  id: string
  item: ItemRef | null
  location: LocationRef | null
  name: string
  served_today: number
  shift_ends_at: number | null
  state: SeatState
  state_since: number
  status: SeatStatus
}
/**
 * One open ticket on the wall.
 */
export interface WallTicket {
  arrived_at: number
  away: boolean
  green: GreenReason | null
  hand_overs: number
  id: string
  identity: IdentityGrade | null
  item: ItemRef
  lane: Lane
  location_id: string
  number: string
  parked_until: number | null
  seat_id: string | null
  state: TicketState
  state_since: number
  wait: WaitRange | null
}
/**
 * The day so far.
 */
export interface WallToday {
  abandoned: number
  alerts: WallAlert[]
  completed: number
  expired: number
  gini: number | null
  identity_overrides: number
  longest_wait_s: number | null
  median_wait_s: number | null
  p90_wait_s: number | null
  parked: number
  policy: string
  /**
   * @minItems 5
   */
  ratings: [number, number, number, number, number]
  serving: number
  taken: number
  waiting: number
}
/**
 * Something a supervisor should look at.
 */
export interface WallAlert {
  kind: string
  location_id: string | null
  seat_id: string | null
  since: number
  ticket_number: string | null
}
/**
 * The rows of the wall that changed. `prev_seq` other than yours is a gap: ask `view.sync`.
 */
export interface WallUpdated {
  locations: WallLocation[]
  prev_seq: number
  seats: WallSeat[]
  seq: number
  server_time: number
  tickets: WallTicket[]
  tickets_gone: string[]
  today: WallToday | null
  type: 'wall.updated'
}
/**
 * Once a second to the wall: `seq` other than yours means that something was missed.
 */
export interface Ticked {
  seq: number
  server_time: number
  type: 'wall.ticked'
}
/**
 * The other side's SDP description or ICE candidate.
 */
export interface Signalled {
  call_id: string
  candidate: Candidate | null
  description: Description | null
  media_epoch: number
  type: 'call.signalled'
}
