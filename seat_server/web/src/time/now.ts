import { shallowRef, type ShallowRef } from 'vue'

/** Looked at more often than it changes, so that no second is shown late. */
const LOOK_EVERY_MS = 200

/**
 * The server's time in whole seconds: the one beat all timers share. It changes once a second, and
 * so do the screens that show it; a call beside them needs the processor more.
 */
export function startNow(
  serverNow: () => number,
  signal: AbortSignal,
): Readonly<ShallowRef<number>> {
  const now = shallowRef(Math.floor(serverNow()))
  const beat = setInterval(() => (now.value = Math.floor(serverNow())), LOOK_EVERY_MS)
  signal.addEventListener('abort', () => clearInterval(beat), { once: true })
  return now
}
