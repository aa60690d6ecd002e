import { computed, type ComputedRef } from 'vue'
import { openingAt, type Opening } from './hours'
import { useKiosk } from './kiosk'
import { useTicking } from './ticking'

const UNKNOWN: Opening = { state: 'open', until: null }

/** The opening hours as they stand now; changes only when they mean something else. */
export function useOpening(): ComputedRef<Opening> {
  const { hall } = useKiosk()
  const now = useTicking(() => hall.now())
  return computed((before) => {
    const view = hall.view.value
    const opening = view === null ? UNKNOWN : openingAt(view.hours, now.value)
    return before !== undefined && JSON.stringify(before) === JSON.stringify(opening) ? before : opening
  })
}
