import type { DeskView, ItemRef } from '@xiaowu/wire'
import { workOf } from './work'

/** What the tab is called. It names the ticket's number and nothing about a person. */
export interface PageTitle {
  key: string | null
  params: Record<string, string>
  /** A blinking mark, every other second while it rings. */
  marked: boolean
}

export function pageTitle(view: DeskView | null, second: number): PageTitle {
  if (view === null) return { key: null, params: {}, marked: false }
  const work = workOf(view)
  const number = view.ticket?.number ?? ''
  return {
    key: `title.${work}`,
    params: { number },
    marked: work === 'ringing' && second % 2 === 0,
  }
}

/** What a screen reader says when the work changes. */
export function spokenChange(view: DeskView): { key: string; number: string; item: ItemRef | null } {
  const work = workOf(view)
  return { key: `say.${work}`, number: view.ticket?.number ?? '', item: view.ticket?.item ?? null }
}
