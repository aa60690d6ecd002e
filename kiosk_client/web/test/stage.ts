import { RefusedError, type Answer, type ClientMessage, type KioskView, type LinkStatus } from '@xiaowu/wire'
import { computed, createApp, nextTick, ref, shallowRef, type Component, type Ref } from 'vue'
import { onTestFinished } from 'vitest'
import { createTexts } from '../src/i18n'
import { KIOSK, type Kiosk } from '../src/kiosk'
import { startVisit, type VisitState } from '../src/visit'
import { CATALOGUE } from './catalogue_fixture'
import { view as freshView } from './view_fixture'

/** A screen on its own, with a hall that does as it is told. */
export interface Stage {
  readonly element: HTMLElement
  readonly visits: VisitState
  readonly view: Ref<KioskView | null>
  readonly status: Ref<LinkStatus>
  /** What was sent, in order. */
  readonly sent: ClientMessage[]
  /** What was asked of the check of identity, in a few words each. */
  readonly checks: string[]
  /** How often a chime was heard. */
  readonly chimes: Ref<number>
  /** The time of the server's clock. */
  time: number
  /** The code the next command is refused with; null: it is carried out. */
  refuses: string | null
  part(testid: string): HTMLElement | null
  press(selector: string): Promise<void>
  settle(): Promise<void>
}

export function show(
  screen: Component,
  props: object = {},
  at = 0,
  { reader = 'simulated' }: { reader?: 'simulated' | 'camera' | 'none' } = {},
): Stage {
  const element = document.createElement('div')
  document.body.append(element)
  const visits = startVisit('zh')
  const status = ref<LinkStatus>('online')
  const view = shallowRef<KioskView | null>(freshView())
  const chimes = ref(0)
  const sent: ClientMessage[] = []
  const checks: string[] = []
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 4; turn++) await nextTick()
  }
  const stage: Stage = {
    element, visits, view, status, sent, checks, chimes, settle,
    time: at,
    refuses: null,
    part: (testid) => element.querySelector(`[data-testid="${testid}"]`),
    async press(selector) {
      const button = element.querySelector<HTMLElement>(selector)
      if (button === null) throw new Error(`${selector} is not there`)
      button.click()
      await settle()
    },
  }
  const send = async (message: ClientMessage): Promise<Answer> => {
    sent.push(message)
    if (stage.refuses !== null) throw new RefusedError(stage.refuses)
    return { type: 'done', op_id: null }
  }
  const kiosk = {
    booth: { server_url: '', kiosk_id: 'qinghe-1', languages: ['zh', 'en'], idle_reset_s: 60, card: { reader, sample_card: false } },
    hall: { view, status, code: ref(null), send, now: () => stage.time },
    sound: { soon: () => chimes.value++, cue: () => chimes.value++, ended: () => undefined },
    media: { camera: ref('ok'), selfView: { enter: () => undefined, leave: () => undefined } },
    identity: {
      flow: shallowRef(null),
      begin: (_ticket: string, way: string) => checks.push(`begin ${way}`),
      chooseWay: (way: string) => checks.push(`way ${way}`),
      agree: (aloud: boolean, guardian: string | null) => checks.push(`agree ${aloud} ${guardian}`),
      skipCard: () => checks.push('skip card'),
      putSampleCard: () => checks.push('sample card'),
      tryAgain: () => checks.push('again'),
      close: () => checks.push('close'),
    },
    visits,
    catalogue: shallowRef(CATALOGUE),
    online: computed(() => status.value === 'online'),
  }
  const app = createApp(screen, props as Record<string, unknown>)
  app.use(createTexts(['zh']))
  // The screens shown here use neither the camera nor the connection itself.
  app.provide(KIOSK, kiosk as unknown as Kiosk)
  app.mount(element)
  onTestFinished(() => {
    app.unmount()
    element.remove()
  })
  return stage
}
