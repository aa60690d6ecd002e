import type { Directive } from 'vue'

/** Takes the focus when it appears. */
export const vFocus: Directive<HTMLElement> = {
  mounted: (element) => element.focus({ preventScroll: true }),
}
