import { onMounted, onUnmounted, type Ref, watch } from 'vue'
import { type Action, meaningOf, RING_GUARD_MS, writesText } from './shortcuts'
import type { Work } from './work'

type Handlers = Record<Action, () => void> & { tick: (place: number) => void }

/** Listens for the desk's keys for as long as the component lives. */
export function useShortcuts(
  work: Readonly<Ref<Work | null>>,
  isSuspended: () => boolean,
  handlers: Handlers,
): void {
  let ringingSince = 0
  watch(work, (now) => {
    if (now === 'ringing') ringingSince = performance.now()
  })

  function pressed(event: KeyboardEvent): void {
    if (work.value === null || event.defaultPrevented || isSuspended()) return
    const typing = writesText(event.target)
    if (event.key === 'Escape' && typing && event.target instanceof HTMLElement) {
      event.target.blur()
      return
    }
    const meaning = meaningOf(event, work.value, typing)
    if (meaning === null) return
    event.preventDefault()
    if ('tick' in meaning) handlers.tick(meaning.tick)
    else if (work.value !== 'ringing' || performance.now() - ringingSince > RING_GUARD_MS) {
      handlers[meaning.action]()
    }
  }

  onMounted(() => window.addEventListener('keydown', pressed))
  onUnmounted(() => window.removeEventListener('keydown', pressed))
}
