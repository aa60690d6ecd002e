import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'

/** The server's time in seconds, refreshed a few times a second: the one beat all timers share. */
export function useNow(serverNow: () => number, everyMs = 250): Readonly<ShallowRef<number>> {
  const now = shallowRef(serverNow())
  const beat = setInterval(() => (now.value = serverNow()), everyMs)
  onScopeDispose(() => clearInterval(beat))
  return now
}
