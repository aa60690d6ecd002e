import { ref, type Ref } from 'vue'

export interface IdleOptions {
  /** Seconds without a touch until the page forgets. */
  afterS: number
  /** The last seconds are counted down in sight. */
  warnS: number
  /** True while there is something to forget and nobody is being served. */
  armed(): boolean
  onIdle(): void
  signal: AbortSignal
}

/** Counts the seconds without a touch; null, or the seconds left while the warning is in sight. */
export function watchIdle(options: IdleOptions): Readonly<Ref<number | null>> {
  const secondsLeft = ref<number | null>(null)
  let quietS = 0
  const touched = (): void => {
    quietS = 0
  }
  const over = (): void => {
    quietS = 0
    secondsLeft.value = null
  }
  const { signal } = options
  // What a hand does, and nothing else: a page also scrolls by itself, and would keep itself awake.
  for (const gesture of ['pointerdown', 'touchmove', 'keydown', 'wheel'] as const) {
    window.addEventListener(gesture, touched, { signal, capture: true, passive: true })
  }
  // The warning goes with the finished click, after its own buttons have heard it: gone at the
  // first contact, the finger would come down on what lies beneath.
  window.addEventListener('click', over, { signal })
  const timer = setInterval(() => {
    if (!options.armed()) return over()
    quietS++
    const left = options.afterS - quietS
    if (left <= 0) {
      over()
      options.onIdle()
    } else {
      secondsLeft.value = left <= options.warnS ? left : null
    }
  }, 1_000)
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  return secondsLeft
}
