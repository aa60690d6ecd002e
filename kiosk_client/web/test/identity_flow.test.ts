import { describe, expect, it } from 'vitest'
import { after, mayChange, startFlow, type Flow } from '../src/identity/flow'
import type { ProgramMessage, ResultTold } from '../src/identity/messages'

const CUE = { type: 'identity.cue', index: 0, kind: 'turn_left', window_s: 3, left: 2 } as const
const CONSENT: ProgramMessage = {
  type: 'identity.ask_consent', guardian: false, language: 'zh', text_sha256: 'a', title: 't', lead: 'l', points: [], for_guardian: 'g', agree: 'y', no_face: 'n',
}
const RESULT: ResultTold = { type: 'identity.result', way: 'face', grade: 'clear', card: 'good', face: 'good', alive: 'good' }

function told(...messages: ProgramMessage[]): Flow {
  return messages.reduce(after, startFlow('t1', 'face'))
}

describe('a check as the resident sees it', () => {
  it('goes from the card to the result', () => {
    const card: ProgramMessage = { type: 'identity.card', state: 'put_on', code: null, advice: null, name: null, number: null }
    const steps = [card, CONSENT, { type: 'identity.want_camera', code: null, slow: false }, { type: 'identity.watching' }, CUE, { type: 'identity.judging' }, RESULT] as ProgramMessage[]
    let flow = startFlow('t1', 'face')
    expect(steps.map((message) => (flow = after(flow, message)).step)).toEqual([
      'card', 'consent', 'camera', 'watching', 'watching', 'judging', 'result',
    ])
  })

  it('says what became of a cue until the next one opens', () => {
    const seen = told({ type: 'identity.watching' }, CUE, { type: 'identity.cue_over', index: 0, outcome: 'seen' })
    expect(seen.cueOver).toBe('seen')
    expect(after(seen, { ...CUE, index: 1, kind: 'blink2', left: 1 }).cueOver).toBeNull()
  })

  it('a new look begins without the advice and the cue of the one before', () => {
    const flow = told({ type: 'identity.watching' }, CUE, { type: 'identity.advice', word: 'come_closer' }, { type: 'identity.failed', code: 'cues_missed', again: true }, { type: 'identity.want_camera', code: 'cues_missed', slow: true })
    expect([flow.step, flow.cue, flow.advice, flow.slow]).toEqual(['camera', null, null, true])
  })

  it('a consent that does not count is asked again, other trouble is not taken for it', () => {
    const objected = told(CONSENT, { type: 'identity.failed', code: 'guardian_missing', again: true })
    expect([objected.step, objected.objection]).toEqual(['consent', 'guardian_missing'])
    expect(told(CONSENT, { type: 'identity.failed', code: 'hall_unreachable', again: true }).step).toBe('trouble')
  })

  it('the way that was gone is the one the hall was told', () => {
    expect(told({ ...RESULT, way: 'no_face', grade: 'manual' }).way).toBe('no_face')
  })

  it('the other way is open until a verdict is being made', () => {
    expect((['opening', 'card', 'consent', 'camera', 'watching', 'trouble'] as const).every(mayChange)).toBe(true)
    expect((['judging', 'result', 'over'] as const).some(mayChange)).toBe(false)
  })
})
