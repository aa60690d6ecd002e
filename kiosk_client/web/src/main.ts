import { RefusedError, Sound } from '@xiaowu/wire'
import { computed, createApp, ref, type App } from 'vue'
import KioskApp from './KioskApp.vue'
import TroubleScreen from './screens/TroubleScreen.vue'
import { loadBooth, type Booth } from './booth'
import { openCatalogue } from './catalogue_loader'
import { openHall } from './hall'
import { createTexts } from './i18n'
import { KIOSK, type Kiosk } from './kiosk'
import { lockDown } from './lock_down'
import { openIdentity } from './identity/session'
import { openMediaSession } from './media_session'
import { startVisit } from './visit'
import './styles/main.css'

/** The kiosk program may still be starting when the browser opens the page. */
const BOOTH_RETRY_MS = 2_000

function openKiosk(booth: Booth, signal: AbortSignal): Kiosk {
  const media = openMediaSession(() => hall.link, signal)
  const identity = openIdentity({ local: media.local, signal })
  const hall = openHall({
    serverUrl: booth.server_url,
    signal,
    onView: (view) => {
      media.follow(view)
      identity.follow(view)
    },
    onSignalled: (event) => media.signalled(event),
  })
  return {
    booth,
    hall,
    media,
    identity,
    sound: new Sound(signal),
    visits: startVisit(booth.languages[0] ?? 'zh'),
    catalogue: openCatalogue(booth.server_url, hall.status, signal),
    online: computed(() => hall.status.value === 'online'),
  }
}

/** Shows the trouble until the kiosk program answers, then the kiosk. */
async function start(): Promise<void> {
  const scope = new AbortController()
  lockDown(scope.signal)
  let trouble: App | null = null
  const code = ref<string | null>(null)
  for (;;) {
    try {
      const booth = await loadBooth()
      trouble?.unmount()
      const app = createApp(KioskApp)
      app.use(createTexts(booth.languages))
      app.provide(KIOSK, openKiosk(booth, scope.signal))
      app.mount('#app')
      return
    } catch (error) {
      code.value = error instanceof RefusedError ? error.code : 'no_program'
    }
    if (trouble === null) {
      trouble = createApp(TroubleScreen, { code })
      trouble.use(createTexts(['zh']))
      trouble.mount('#app')
    }
    await new Promise((resolve) => setTimeout(resolve, BOOTH_RETRY_MS))
  }
}

void start()
