import type { IdentityWay } from '@xiaowu/wire'
import type { CardTold, ConsentAsked, CueOutcome, CueTold, ProgramMessage, ResultTold } from './messages'

export type FlowStep =
  | 'opening'
  | 'card'
  | 'consent'
  | 'camera'
  | 'watching'
  | 'judging'
  | 'trouble'
  | 'result'
  | 'over'

/** What the resident sees of one check; made anew from every message of the program. */
export interface Flow {
  ticketId: string
  way: IdentityWay
  step: FlowStep
  card: CardTold | null
  consent: ConsentAsked | null
  /** The consent that was given does not count yet; the code says why. */
  objection: string | null
  cue: CueTold | null
  /** What became of the cue before, until the next one opens. */
  cueOver: CueOutcome | null
  /** What would help, while the witness looks. */
  advice: string | null
  /** Why it is asked once more. */
  code: string | null
  /** Trying once more may help. */
  again: boolean
  /** This time there is more time for every cue. */
  slow: boolean
  result: ResultTold | null
}

export function startFlow(ticketId: string, way: IdentityWay): Flow {
  return {
    ticketId,
    way,
    step: 'opening',
    card: null,
    consent: null,
    objection: null,
    cue: null,
    cueOver: null,
    advice: null,
    code: null,
    again: false,
    slow: false,
    result: null,
  }
}

/** Where the check stands after a message of the kiosk program. */
export function after(flow: Flow, message: ProgramMessage): Flow {
  switch (message.type) {
    case 'identity.card':
      return { ...flow, step: 'card', card: message }
    case 'identity.ask_consent':
      return { ...flow, step: 'consent', consent: message, objection: null }
    case 'identity.want_camera':
      return { ...flow, step: 'camera', code: message.code, slow: message.slow, cue: null, cueOver: null, advice: null }
    case 'identity.answer_camera':
      return flow
    case 'identity.watching':
      return { ...flow, step: 'watching' }
    case 'identity.advice':
      return { ...flow, advice: message.word }
    case 'identity.cue':
      return { ...flow, step: 'watching', cue: message, cueOver: null, advice: null }
    case 'identity.cue_over':
      return { ...flow, cueOver: message.outcome }
    case 'identity.judging':
      return { ...flow, step: 'judging', cue: null, cueOver: null, advice: null }
    case 'identity.failed':
      // Words that were not agreed to as they have to be: still the same question.
      if (flow.step === 'consent' && message.again && flow.consent !== null && CONSENT_CODES.has(message.code)) {
        return { ...flow, objection: message.code }
      }
      return { ...flow, step: 'trouble', code: message.code, again: message.again }
    case 'identity.result':
      return { ...flow, step: 'result', result: message, way: message.way }
    case 'identity.over':
      return { ...flow, step: 'over', code: message.why, again: false }
    default:
      return message satisfies never
  }
}

const CONSENT_CODES: ReadonlySet<string> = new Set(['consent_text_unknown', 'guardian_missing', 'consent_missing'])

/** True while the other way can still be taken. */
export function mayChange(step: FlowStep): boolean {
  return step !== 'judging' && step !== 'result' && step !== 'over'
}

/** True where somebody has to do something, and may have gone. */
export function waitsForTouch(step: FlowStep): boolean {
  return step === 'card' || step === 'consent' || step === 'trouble' || step === 'result' || step === 'over'
}
