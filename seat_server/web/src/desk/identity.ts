import type {
  CardEvidence,
  DecisionReason,
  DeskIdentity,
  FaceEvidence,
  AliveEvidence,
  IdentityDecision,
  IdentityPart,
  Mark,
  UnmaskReason,
} from '@xiaowu/wire'

/** A text of the catalogue with what is filled in. */
export interface Sentence {
  key: string
  params?: Record<string, string | number>
}

/** What one component says, in plain words. */
export interface PartLine {
  part: IdentityPart
  mark: Mark
  sentences: Sentence[]
}

/** How the card looks as a whole: colour means state and nothing else. */
export type Tone = 'quiet' | 'busy' | 'good' | 'look' | 'bad'

export const CONFIRM_REASONS = [
  'evidence_agrees',
  'looked_and_same',
  'other_document',
  'answered_questions',
  'other',
] as const satisfies readonly DecisionReason[]

export const REFUSE_REASONS = [
  'not_the_same',
  'card_doubtful',
  'would_not_show',
  'under_pressure',
  'other',
] as const satisfies readonly DecisionReason[]

export const UNMASK_REASONS = [
  'fill_form',
  'compare_document',
  'search_record',
  'hand_to_department',
] as const satisfies readonly UnmaskReason[]

/**
 * Where a check stands for who looks at it. After the call nobody goes on with one: what was asked
 * or begun did not come to an end, and what was found before it is what there is.
 */
export type Standing = DeskIdentity['state'] | 'unfinished'

export function standingOf(identity: DeskIdentity | null, isOver: boolean): Standing {
  if (identity === null) return 'not_asked'
  const runs = identity.state === 'asked' || identity.state === 'in_progress'
  if (!runs || !isOver) return identity.state
  return identity.grade === null ? 'unfinished' : 'graded'
}

/** The headline: where the check stands, or what was decided. */
export function headlineOf(identity: DeskIdentity | null, isOver = false): Sentence {
  if (identity?.decision) return { key: `identity.decided.${identity.decision.decision}` }
  const standing = standingOf(identity, isOver)
  if (standing === 'graded') return { key: `identity.grade.${identity?.grade ?? 'manual'}` }
  return { key: `identity.state.${standing}` }
}

export function toneOf(identity: DeskIdentity | null, isOver = false): Tone {
  if (identity?.decision) return identity.decision.decision === 'confirmed' ? 'good' : 'bad'
  const standing = standingOf(identity, isOver)
  if (standing === 'asked' || standing === 'in_progress') return 'busy'
  if (standing !== 'graded') return 'quiet'
  const tones = { clear: 'good', unsure: 'look', manual: 'look', refused: 'bad' } as const
  return tones[identity?.grade ?? 'manual']
}

/** In the order in which an agent reads them. */
const PARTS: readonly IdentityPart[] = ['card', 'face', 'alive', 'capture']

/** What speaks against the resident. */
export function badParts(identity: DeskIdentity | null): IdentityPart[] {
  const bad = new Set(identity?.marks.filter(({ mark }) => mark === 'bad').map(({ part }) => part))
  return PARTS.filter((part) => bad.has(part))
}

/** True when there is evidence that nobody has decided on. */
export function isUndecided(identity: DeskIdentity | null): boolean {
  return identity !== null && identity.grade !== null && identity.decision === null
}

/** Each component that was looked at, or should have been; in the order an agent reads them. */
export function linesOf(identity: DeskIdentity): PartLine[] {
  const { evidence } = identity
  if (evidence === null) return []
  const marks = new Map(identity.marks.map(({ part, mark }) => [part, mark]))
  const lines: PartLine[] = []
  const add = (part: IdentityPart, sentences: Sentence[]): void => {
    lines.push({ part, mark: marks.get(part) ?? 'missing', sentences })
  }
  add('card', cardSentences(evidence.card))
  if (identity.way === 'no_face') {
    add('face', [{ key: 'identity.face.not_wanted' }])
    return lines
  }
  add('face', faceSentences(evidence.face))
  add('alive', aliveSentences(evidence.alive))
  // A system that tells nothing of its camera is the usual one: no line, no doubt sown.
  if (evidence.capture !== null && marks.get('capture') !== 'missing') {
    add('capture', [{ key: `identity.capture.${evidence.capture.suspicion}` }])
  }
  return lines
}

function cardSentences(card: CardEvidence | null): Sentence[] {
  if (card === null) return [{ key: 'identity.card.missing' }]
  const said: Sentence[] = [{ key: `identity.card.${card.source}` }]
  if (card.outcome !== 'ok') said.push({ key: 'identity.card.unclear' })
  said.push({ key: card.number_valid ? 'identity.card.number_ok' : 'identity.card.number_bad' })
  for (const word of card.contradictions) said.push({ key: `identity.contradiction.${word}` })
  if (card.expired === true) said.push({ key: 'identity.card.expired' })
  return said
}

function faceSentences(face: FaceEvidence | null): Sentence[] {
  if (face === null) return [{ key: 'identity.face.missing' }]
  if (face.outcome !== 'ok' || face.band === null) {
    return [{ key: 'identity.face.not_compared' }, { key: `identity.face_outcome.${face.outcome}` }]
  }
  const said: Sentence[] = [{ key: `identity.band.${face.band}` }]
  if (face.portrait_outcome !== 'ok' || face.capped) said.push({ key: 'identity.face.poor_portrait' })
  return said
}

function aliveSentences(alive: AliveEvidence | null): Sentence[] {
  if (alive === null) return [{ key: 'identity.alive.missing' }]
  const seen = alive.cues.filter((cue) => cue.outcome === 'seen').length
  const said: Sentence[] = [{ key: `identity.liveness.${alive.outcome}` }]
  if (alive.cues.length > 0) {
    said.push({ key: 'identity.alive.cues', params: { seen, all: alive.cues.length } })
  }
  for (const word of alive.signs) said.push({ key: `identity.sign.${word}` })
  return said
}

/** The reason that most likely fits; the agent may choose another. */
export function likelyReason(identity: DeskIdentity | null, decision: IdentityDecision): DecisionReason {
  if (decision === 'confirmed') {
    return identity?.grade === 'clear' ? 'evidence_agrees' : 'looked_and_same'
  }
  const cardIsBad = identity?.marks.some(({ part, mark }) => part === 'card' && mark === 'bad')
  return cardIsBad === true ? 'card_doubtful' : 'not_the_same'
}

/** The machine cannot be the reason where the machine did not say so. */
export function reasonsFor(identity: DeskIdentity | null, decision: IdentityDecision): readonly DecisionReason[] {
  if (decision === 'refused') return REFUSE_REASONS
  return CONFIRM_REASONS.filter((reason) => reason !== 'evidence_agrees' || identity?.grade === 'clear')
}

/** True when the server will want a few words beside the reason. */
export function needsNote(reason: DecisionReason, isOverride: boolean): boolean {
  return isOverride || reason === 'other'
}
