/**
 * What the page and the kiosk program say to each other over `/identity`: the other side of
 * kiosk_client/identity/messages.py. A test there compares the two, field by field.
 */
import type { GuardianRelation, IdentityGrade, IdentityWay, Language, Mark } from '@xiaowu/wire'

export type CueKind = 'turn_left' | 'turn_right' | 'look_up' | 'blink2' | 'open_mouth'
export type CueOutcome = 'seen' | 'missed' | 'too_soon' | 'another' | 'not_asked'

// --- page → program ---

export interface StartIdentity {
  type: 'identity.start'
  ticket_id: string
  way: IdentityWay
  language: Language
}

export interface ChooseWay {
  type: 'identity.choose_way'
  way: IdentityWay
}

export interface SkipCard {
  type: 'identity.skip_card'
}

export interface PutSampleCard {
  type: 'identity.put_sample_card'
}

export interface Agree {
  type: 'identity.agree'
  text_sha256: string
  read_aloud: boolean
  guardian: GuardianRelation | null
}

export interface OfferCamera {
  type: 'identity.offer_camera'
  sdp: string
  camera_label: string
}

export interface TryAgain {
  type: 'identity.try_again'
}

export interface CancelIdentity {
  type: 'identity.cancel'
}

export type PageMessage =
  | StartIdentity
  | ChooseWay
  | SkipCard
  | PutSampleCard
  | Agree
  | OfferCamera
  | TryAgain
  | CancelIdentity

// --- program → page ---

export interface CardTold {
  type: 'identity.card'
  state: 'put_on' | 'reading' | 'read' | 'failed'
  code: string | null
  advice: string | null
  name: string | null
  number: string | null
}

export interface ConsentAsked {
  type: 'identity.ask_consent'
  guardian: boolean
  language: Language
  text_sha256: string
  title: string
  lead: string
  points: string[]
  for_guardian: string
  agree: string
  no_face: string
}

export interface CameraWanted {
  type: 'identity.want_camera'
  code: string | null
  slow: boolean
}

export interface CameraAnswered {
  type: 'identity.answer_camera'
  sdp: string
}

export interface Watching {
  type: 'identity.watching'
}

export interface AdviceTold {
  type: 'identity.advice'
  word: string | null
}

export interface CueTold {
  type: 'identity.cue'
  index: number
  kind: CueKind
  window_s: number
  left: number
}

export interface CueOver {
  type: 'identity.cue_over'
  index: number
  outcome: CueOutcome
}

export interface Judging {
  type: 'identity.judging'
}

export interface ResultTold {
  type: 'identity.result'
  way: IdentityWay
  grade: IdentityGrade
  card: Mark
  face: Mark
  alive: Mark
}

export interface Failed {
  type: 'identity.failed'
  code: string
  again: boolean
}

export interface IdentityOver {
  type: 'identity.over'
  why: 'cancelled' | 'expired' | 'replaced' | 'stopped'
}

export type ProgramMessage =
  | CardTold
  | ConsentAsked
  | CameraWanted
  | CameraAnswered
  | Watching
  | AdviceTold
  | CueTold
  | CueOver
  | Judging
  | ResultTold
  | Failed
  | IdentityOver
