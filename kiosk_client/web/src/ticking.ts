import { onScopeDispose, readonly, ref, type Ref } from 'vue'

/** A time that is read anew every half second while the component lives. */
export function useTicking(now: () => number): Readonly<Ref<number>> {
  const time = ref(now())
  const timer = setInterval(() => (time.value = now()), 500)
  onScopeDispose(() => clearInterval(timer))
  return readonly(time)
}
