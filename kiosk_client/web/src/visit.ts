import { opId, type GreenReason } from '@xiaowu/wire'
import { computed, reactive, type ComputedRef } from 'vue'
import type { Item } from './catalogue'

export type Place =
  | { at: 'home' }
  | { at: 'category'; id: string }
  | { at: 'frequent' }
  | { at: 'search' }
  | { at: 'code' }

export type TextSize = 1 | 2 | 3

/** An item somebody is about to take a ticket for. */
export interface Choice {
  item: Item
  /** One intention, one operation: trying again cannot take two tickets. */
  opId: string
}

/** Everything one resident leaves on the page; `reset` leaves no trace of it. */
export interface Visit {
  place: Place
  choice: Choice | null
  letters: string
  /** The digits of a return code or an appointment, as far as they were typed. */
  code: string
  /** Why this resident may go first, as the resident says. */
  green: GreenReason | null
  /** The question about it is open. */
  askingGreen: boolean
  language: string
  size: TextSize
}

export interface VisitState {
  readonly visit: Visit
  /** True when something is there that the next resident should not find. */
  readonly touched: ComputedRef<boolean>
  choose(item: Item): void
  goHome(): void
  reset(): void
}

export function startVisit(firstLanguage: string): VisitState {
  const fresh = (): Visit => ({
    place: { at: 'home' },
    choice: null,
    letters: '',
    code: '',
    green: null,
    askingGreen: false,
    language: firstLanguage,
    size: 1,
  })
  const visit = reactive(fresh())
  return {
    visit,
    touched: computed(
      () =>
        visit.place.at !== 'home' ||
        visit.choice !== null ||
        visit.green !== null ||
        visit.askingGreen ||
        visit.language !== firstLanguage ||
        visit.size !== 1,
    ),
    choose(item) {
      visit.choice = { item, opId: opId() }
    },
    goHome() {
      visit.place = { at: 'home' }
      visit.choice = null
      visit.letters = ''
      visit.code = ''
      visit.askingGreen = false
    },
    reset() {
      Object.assign(visit, fresh())
    },
  }
}
