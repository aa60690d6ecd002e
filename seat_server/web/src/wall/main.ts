import { createApp, shallowReactive } from 'vue'
import { openI18n } from '../i18n'
import { Memory } from '../session/memory'
import { startNow } from '../time/now'
import { memoryKey } from '../use_language'
import '../style/wall.css'
import { wallKey } from './use_wall'
import { emptyWall, Wall } from './wall'
import WallApp from './WallApp.vue'

const page = new AbortController()
const memory = new Memory(localStorage)
const state = shallowReactive(emptyWall())
const wall = new Wall(state, { client: `wall/${__APP_VERSION__}`, signal: page.signal })

const app = createApp(WallApp)
const now = startNow(() => wall.serverNow, page.signal)
app
  .use(openI18n(memory))
  .provide(memoryKey, memory)
  .provide(wallKey, { wall, state, now })
  .mount('#app')
void wall.start()
