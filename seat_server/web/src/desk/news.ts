import type { DeskView } from '@xiaowu/wire'
import { isUndecided } from './identity'
import { visitOf, workOf } from './work'

/** Something that happened without the agent's doing and that the new view does not say. */
export type News = 'ring_withdrawn' | 'call_fell_through' | 'call_is_yours' | 'visit_over' | 'left_undecided'

/** What to tell the agent when one view follows another. `asked`: the agent caused the change. */
export function newsBetween(before: DeskView | null, after: DeskView, asked: boolean): News | null {
  if (before === null || asked) return null
  const was = workOf(before)
  const is = workOf(after)
  const visit = visitOf(before)
  if (visit !== null && visitOf(after) === null) {
    return after.call?.id === visit.id ? 'call_is_yours' : 'visit_over'
  }
  if (was === 'ringing' && is === 'idle') return 'ring_withdrawn'
  if (was === 'call' && (is === 'idle' || is === 'break')) return 'call_fell_through'
  if (was === 'wrap_up' && is !== 'wrap_up' && isUndecided(before.wrap_up?.identity ?? null)) return 'left_undecided'
  return null
}
