import type { DeskIdentity, IdentityEvidence } from '@xiaowu/wire'
import { describe, expect, it } from 'vitest'
import en from '../locales/en.json'
import zh from '../locales/zh.json'
import { identity } from '../testing/desk_views'
import {
  badParts,
  CONFIRM_REASONS,
  headlineOf,
  isUndecided,
  likelyReason,
  linesOf,
  needsNote,
  reasonsFor,
  REFUSE_REASONS,
  standingOf,
  toneOf,
} from './identity'

type Tree = { [key: string]: string | Tree }

const has = (catalogue: Tree, key: string): boolean =>
  typeof key.split('.').reduce<Tree | string | undefined>(
    (tree, word) => (typeof tree === 'object' ? tree[word] : undefined),
    catalogue,
  ) === 'string'

const graded = (over: Partial<DeskIdentity> = {}): DeskIdentity => ({ ...identity, ...over })
const withEvidence = (over: Partial<IdentityEvidence>): DeskIdentity =>
  graded({ evidence: { ...(identity.evidence as IdentityEvidence), ...over } })
const keysOf = (one: DeskIdentity): string[] =>
  linesOf(one).flatMap((line) => line.sentences.map((sentence) => sentence.key))

describe('the headline', () => {
  it('says that nothing was asked', () => {
    expect(headlineOf(null).key).toBe('identity.state.not_asked')
    expect(toneOf(null)).toBe('quiet')
  })

  it.each([
    ['asked', 'busy'],
    ['in_progress', 'busy'],
    ['ended', 'quiet'],
    ['withdrawn', 'quiet'],
  ] as const)('says that it was %s', (state, tone) => {
    const one = graded({ state, grade: null, marks: [], evidence: null })
    expect(headlineOf(one).key).toBe(`identity.state.${state}`)
    expect(toneOf(one)).toBe(tone)
    expect(linesOf(one)).toEqual([])
  })

  it.each([
    ['clear', 'good'],
    ['unsure', 'look'],
    ['manual', 'look'],
    ['refused', 'bad'],
  ] as const)('says the grade %s', (grade, tone) => {
    expect(headlineOf(graded({ grade })).key).toBe(`identity.grade.${grade}`)
    expect(toneOf(graded({ grade }))).toBe(tone)
  })

  it('says what was decided, whatever the grade was', () => {
    const decision = { decision: 'refused', reason: 'not_the_same', note: '', by: '坐席07', seconded_by: null, at: 1 } as const
    const one = graded({ grade: 'clear', decision })
    expect(headlineOf(one).key).toBe('identity.decided.refused')
    expect(toneOf(one)).toBe('bad')
  })
})

describe('after the call', () => {
  const isOver = true

  it.each(['asked', 'in_progress'] as const)('nobody goes on with a check that was %s', (state) => {
    const begun = graded({ state, grade: null, marks: [], evidence: null })
    expect(standingOf(begun, isOver)).toBe('unfinished')
    expect(headlineOf(begun, isOver).key).toBe('identity.state.unfinished')
    expect(toneOf(begun, isOver)).toBe('quiet')
    expect(headlineOf(graded({ state, grade: 'unsure' }), isOver).key).toBe('identity.grade.unsure')
  })

  it.each(['graded', 'ended', 'withdrawn'] as const)('a check that was %s stands as it stood', (state) => {
    expect(standingOf(graded({ state }), isOver)).toBe(state)
  })

  it('knows evidence that nobody decided on', () => {
    const decision = { decision: 'confirmed', reason: 'evidence_agrees', note: '', by: '坐席07', seconded_by: null, at: 1 } as const
    expect(isUndecided(graded())).toBe(true)
    expect(isUndecided(graded({ decision }))).toBe(false)
    expect(isUndecided(graded({ state: 'ended', grade: null }))).toBe(false)
    expect(isUndecided(null)).toBe(false)
  })
})

describe('the lines', () => {
  it('say what each component found, with its mark', () => {
    expect(linesOf(graded()).map(({ part, mark }) => `${part} ${mark}`)).toEqual([
      'card good',
      'face good',
      'alive good',
      'capture good',
    ])
    expect(keysOf(graded())).toContain('identity.band.match')
  })

  it('leave the face out where the resident chose the other way', () => {
    const one = graded({ way: 'no_face', grade: 'manual' })
    expect(keysOf(one)).toContain('identity.face.not_wanted')
    expect(linesOf(one)).toHaveLength(2)
  })

  it('name every contradiction of a card, and its end', () => {
    const card = { ...identity.evidence!.card!, number_valid: false, expired: true, contradictions: ['birth_number'] }
    expect(keysOf(withEvidence({ card }))).toEqual(
      expect.arrayContaining([
        'identity.card.number_bad',
        'identity.contradiction.birth_number',
        'identity.card.expired',
      ]),
    )
  })

  it('say why no face was compared', () => {
    const face = { ...identity.evidence!.face!, band: null, outcome: 'too_dark' }
    expect(keysOf(withEvidence({ face }))).toContain('identity.face_outcome.too_dark')
  })

  it('count the cues that were followed', () => {
    const cues = [
      { kind: 'turn_left', outcome: 'seen' },
      { kind: 'blink2', outcome: 'missed' },
    ]
    const alive = { ...identity.evidence!.alive!, outcome: 'cues_missed', cues, signs: ['moire'] }
    const line = linesOf(withEvidence({ alive })).find(({ part }) => part === 'alive')
    expect(line?.sentences).toContainEqual({ key: 'identity.alive.cues', params: { seen: 1, all: 2 } })
    expect(line?.sentences).toContainEqual({ key: 'identity.sign.moire' })
  })

  it('say so when nothing was looked at', () => {
    const nothing = withEvidence({ card: null, face: null, alive: null, capture: null })
    expect(keysOf(nothing)).toEqual(['identity.card.missing', 'identity.face.missing', 'identity.alive.missing'])
  })

  it('say nothing of a camera of which the system says nothing', () => {
    const marks = identity.marks.map((one) => (one.part === 'capture' ? { ...one, mark: 'missing' as const } : one))
    expect(linesOf(graded({ marks })).map(({ part }) => part)).not.toContain('capture')
  })

  it('have a text for every word of this version', () => {
    const words = {
      band: ['match', 'unsure', 'no'],
      face_outcome: [
        'ok', 'no_face', 'several_faces', 'cut_off', 'too_small', 'too_dark', 'too_bright', 'blurred', 'turned_away', 'covered',
      ],
      liveness: ['live', 'unsure', 'cues_missed', 'no_face', 'several_faces', 'broken', 'another_face', 'attack', 'lost'],
      sign: ['still', 'flat', 'moire', 'border', 'blur', 'colour'],
      capture: ['none', 'virtual'],
      contradiction: ['number_invalid', 'birth_number', 'sex_number', 'not_yet_born', 'not_yet_valid'],
    }
    for (const [group, members] of Object.entries(words)) {
      for (const word of members) {
        expect(has(zh, `identity.${group}.${word}`), `${group}.${word}`).toBe(true)
        expect(has(en, `identity.${group}.${word}`), `${group}.${word}`).toBe(true)
      }
    }
  })
})

describe('a decision', () => {
  it('names what it goes against, in the order of the card', () => {
    const marks = (['alive', 'capture', 'card', 'face'] as const).map((part) => ({ part, mark: part === 'capture' ? 'good' : 'bad' } as const))
    expect(badParts(graded({ marks }))).toEqual(['card', 'face', 'alive'])
    expect(badParts(graded())).toEqual([])
    expect(badParts(null)).toEqual([])
  })

  it('comes with the reason that most likely fits', () => {
    expect(likelyReason(graded(), 'confirmed')).toBe('evidence_agrees')
    expect(likelyReason(graded({ grade: 'manual' }), 'confirmed')).toBe('looked_and_same')
    expect(likelyReason(null, 'confirmed')).toBe('looked_and_same')
    expect(likelyReason(graded(), 'refused')).toBe('not_the_same')
    expect(likelyReason(graded({ marks: [{ part: 'card', mark: 'bad' }] }), 'refused')).toBe('card_doubtful')
  })

  it('offers no reason of the other decision', () => {
    const shared = CONFIRM_REASONS.filter((reason) => (REFUSE_REASONS as readonly string[]).includes(reason))
    expect(shared).toEqual(['other'])
  })

  it('does not name the machine where the machine did not say so', () => {
    expect(reasonsFor(graded(), 'confirmed')).toContain('evidence_agrees')
    for (const one of [null, graded({ grade: 'refused' }), graded({ grade: 'manual' })]) {
      expect(reasonsFor(one, 'confirmed')).not.toContain('evidence_agrees')
      expect(reasonsFor(one, 'confirmed')).toContain(likelyReason(one, 'confirmed'))
      expect(reasonsFor(one, 'refused')).toContain(likelyReason(one, 'refused'))
    }
  })

  it('needs words where it goes against the evidence, or says “other”', () => {
    expect(needsNote('looked_and_same', false)).toBe(false)
    expect(needsNote('looked_and_same', true)).toBe(true)
    expect(needsNote('other', false)).toBe(true)
  })
})
