import { describe, expect, it } from 'vitest'
import type { KioskIdentity } from '@xiaowu/wire'
import IdentityCard from '../src/identity/IdentityCard.vue'
import IdentityScreen from '../src/identity/IdentityScreen.vue'
import { after, startFlow, type Flow } from '../src/identity/flow'
import type { CardTold, ConsentAsked, ProgramMessage } from '../src/identity/messages'
import { show, type Stage } from './stage'
import { ticket, view } from './view_fixture'

const GRADED: KioskIdentity = { state: 'graded', way: 'face', grade: 'clear', asked: false, decision: null, tries_left: 2 }
const CONSENT: ConsentAsked = {
  type: 'identity.ask_consent', guardian: false, language: 'zh', text_sha256: 'abc', title: '看一看', lead: '同意才开始', points: ['一', '二'], for_guardian: '要监护人', agree: '我同意', no_face: '不用人脸',
}

const card = (known: KioskIdentity | null, reader: 'simulated' | 'none' = 'simulated'): Stage =>
  show(IdentityCard, { ticketId: 't1', known }, 0, { reader })
const screen = (...messages: ProgramMessage[]): Stage => screenOf('simulated', ...messages)
function screenOf(reader: 'simulated' | 'camera', ...messages: ProgramMessage[]): Stage {
  const flow: Flow = messages.reduce(after, startFlow('t1', 'face'))
  return show(IdentityScreen, { flow, view: view({ phase: 'waiting', ticket: ticket({ ahead: 3 }) }) }, 0, { reader })
}
const told = (state: CardTold['state'], code: string | null = null, advice: string | null = null): CardTold => ({
  type: 'identity.card', state, code, advice, name: null, number: null,
})

describe('the offer to show who one is', () => {
  it('has both ways, and begins the one that is touched', async () => {
    const stage = card(null)
    await stage.press('[data-testid=identity-no-face]')
    await stage.press('[data-testid=identity-face]')
    expect(stage.checks).toEqual(['begin no_face', 'begin face'])
  })

  it('says what came of it, and how to take it back', async () => {
    const stage = card(GRADED)
    expect(stage.part('identity-outcome')?.textContent).toContain('核验好了')
    await stage.press('[data-testid=identity-withdraw]')
    await stage.press('[data-testid=withdraw-sure]')
    expect(stage.sent).toMatchObject([{ type: 'identity.withdraw', ticket_id: 't1' }])
    expect(stage.part('identity-repeat')).toBeNull()
  })

  it('a withdrawal that did not get through is said and stays open', async () => {
    const stage = card(GRADED)
    stage.refuses = 'unanswered'
    await stage.press('[data-testid=identity-withdraw]')
    await stage.press('[data-testid=withdraw-sure]')
    expect(stage.part('withdraw-sheet')?.textContent).toContain('没有办成')
  })

  it('what was not clear may be repeated, without the face once its tries are spent', async () => {
    const stage = card({ ...GRADED, grade: 'unsure', tries_left: 0 })
    await stage.press('[data-testid=identity-repeat]')
    expect(stage.checks).toEqual(['begin no_face'])
  })

  it('what an agent has decided is shown as theirs', () => {
    expect(card({ ...GRADED, grade: 'unsure', decision: 'confirmed' }).part('identity-outcome')?.textContent).toContain('已确认')
  })

  it('a booth without a reader offers nothing until it is asked, and then no face', () => {
    expect(card(null, 'none').part('identity-card')).toBeNull()
    const asked = card({ ...GRADED, state: 'asked', grade: null, asked: true }, 'none')
    expect([asked.part('identity-face'), asked.part('identity-no-face') === null]).toEqual([null, false])
  })
})

describe('the steps of a check', () => {
  it('keep the place in the line and the other way in sight', () => {
    const stage = screen(CONSENT)
    expect(stage.part('identity-place')?.textContent).toContain('3')
    expect(stage.part('identity-other')?.textContent).toContain('不用人脸')
    expect(stage.part('identity-later')).not.toBeNull()
  })

  it('a card that lies wrong is the one thing that is said, until it lies right', () => {
    const wrong = screenOf('camera', told('put_on'), told('failed', 'card_unreadable', 'turn_over'))
    expect(wrong.part('card-problem')?.textContent).toContain('有照片的一面')
    expect(wrong.element.querySelectorAll('h1').length).toBe(1)
    const right = screenOf('camera', told('failed', 'card_unreadable', 'turn_over'), told('put_on'))
    expect(right.part('card-problem')).toBeNull()
    expect(right.element.textContent).toContain('摄像头下面')
  })

  it('a camera that is gone is called a camera, and the ways on are there', () => {
    const gone = screenOf('camera', told('failed', 'reader_missing'))
    expect(gone.part('card-problem')?.textContent).toContain('摄像头')
    expect(screen(told('failed', 'reader_missing')).part('card-problem')?.textContent).toContain('读卡器')
    for (const way of ['identity-skip-card', 'identity-other', 'identity-later']) expect(gone.part(way)).not.toBeNull()
  })

  it('nobody agrees for a child before a guardian says who they are', async () => {
    const stage = screen({ ...CONSENT, guardian: true })
    const agree = stage.part('identity-agree') as HTMLButtonElement
    expect(agree.disabled).toBe(true)
    await stage.press('[data-testid=guardian-parent]')
    expect(agree.disabled).toBe(false)
    await stage.press('[data-testid=identity-agree]')
    expect(stage.checks).toEqual(['agree false parent'])
  })

  it('say which cue, and which of how many', () => {
    const stage = screen({ type: 'identity.watching' }, { type: 'identity.cue', index: 1, kind: 'look_up', window_s: 3, left: 1 })
    expect(stage.part('cue-text')?.textContent).toContain('抬头')
    expect(stage.part('face-step')?.dataset.cue).toBe('look_up')
    expect(stage.element.querySelectorAll('.dots li').length).toBe(3)
  })

  it('say in a sentence what would help', () => {
    expect(screen({ type: 'identity.watching' }, { type: 'identity.advice', word: 'uncover_face' }).part('advice')?.textContent).toContain('口罩')
    expect(screen({ type: 'identity.watching' }, { type: 'identity.advice', word: 'a_word_of_tomorrow' }).part('advice')).not.toBeNull()
  })

  it('trouble that trying again cannot mend offers only the other way', async () => {
    const stage = screen({ type: 'identity.failed', code: 'identity_tries_spent', again: false })
    expect(stage.part('identity-again')).toBeNull()
    await stage.press('[data-testid=identity-other]')
    expect(stage.checks).toEqual(['way no_face'])
  })

  it('who had a card read is reminded to take it along', () => {
    const result = { type: 'identity.result', way: 'no_face', grade: 'manual', face: 'missing', alive: 'missing' } as const
    expect(screen({ ...result, card: 'good' }).part('take-card')).not.toBeNull()
    expect(screen({ ...result, card: 'missing' }).part('take-card')).toBeNull()
  })

  it('every advice, trouble and cue of the program has its sentence', async () => {
    const zh = (await import('../src/locales/zh.json')).default.identity
    for (const word of ['look_here', 'one_person', 'move_to_middle', 'come_closer', 'more_light', 'less_light', 'hold_still', 'look_straight', 'uncover_face', 'ask_agent']) {
      expect(zh.advice).toHaveProperty(word)
    }
    for (const code of ['witness_lost', 'camera_lost', 'offer_refused', 'cues_missed', 'no_face', 'several_faces', 'broken', 'another_face', 'hall_unreachable', 'identity_tries_spent']) {
      expect(zh.trouble).toHaveProperty(code)
    }
  })
})
