import { Sound } from '@xiaowu/wire'
import { createApp, shallowReactive } from 'vue'
import { openI18n } from '../i18n'
import { Memory } from '../session/memory'
import { startNow } from '../time/now'
import { memoryKey } from '../use_language'
import '../style/desk.css'
import { Desk } from './desk'
import { emptyDesk } from './desk_state'
import DeskApp from './DeskApp.vue'
import { systemNotice } from './ring_alert'
import { deskKey } from './use_desk'

/** Long enough to judge the volume, short enough not to annoy the room. */
const TRY_RING_MS = 2000

const page = new AbortController()
const memory = new Memory(localStorage)
const i18n = openI18n(memory)
const { t, te } = i18n.global
const state = shallowReactive(emptyDesk())
const sound = new Sound(page.signal)

const desk = new Desk({
  state,
  memory,
  client: `desk/${__APP_VERSION__}`,
  signal: page.signal,
  refusalText: (code) =>
    te(`refusal.${code}`) ? t(`refusal.${code}`) : t('refusal.other', { code }),
  newsText: (news) => t(`news.${news}`),
  alert: {
    sound: () => sound.ring(),
    notify: ({ ticket, offer }) => {
      const s = Math.round(offer.expires_at - offer.offered_at)
      return systemNotice(t('ring.notice', { number: ticket.number }), t('ring.notice_body', { s }))
    },
  },
})

const app = createApp(DeskApp)
const now = startNow(() => desk.serverNow, page.signal)
app
  .use(i18n)
  .provide(memoryKey, memory)
  .provide(deskKey, {
    desk,
    state,
    now,
    tryRing: () => setTimeout(sound.ring(), TRY_RING_MS),
    soundUnlocked: () => sound.unlocked,
  })
  .mount('#app')
void desk.start()
