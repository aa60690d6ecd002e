import type { Colleague, TransferCall } from '@xiaowu/wire'
import type { CatalogueItem } from '../session/api'

/** Where a resident can be handed on to. */
export type TransferTarget =
  | { kind: 'seat'; colleague: Colleague }
  | { kind: 'department'; name: string }
  | { kind: 'item'; item: CatalogueItem }

/** The part of the command that names the target. */
export function addressOf(
  target: TransferTarget,
): Pick<TransferCall, 'to_seat' | 'to_department' | 'to_item'> {
  switch (target.kind) {
    case 'seat':
      return { to_seat: target.colleague.seat_id }
    case 'department':
      return { to_department: target.name }
    case 'item':
      return { to_item: target.item.code }
    default:
      return target satisfies never
  }
}

const ALL = '*'
const MOST_ITEMS = 8

export interface TransferChoices {
  seats: TransferTarget[]
  departments: TransferTarget[]
  items: TransferTarget[]
}

/** True for a window that serves everything. */
export function servesAll(colleague: Colleague): boolean {
  return colleague.departments.includes(ALL)
}

/** Free windows first, those on a break last; within each in the order they came. */
function availability(colleague: Colleague): number {
  if (colleague.status !== 'available') return 2
  return colleague.state === 'idle' ? 0 : 1
}

/** What fits the text typed so far; items only once something was typed: there are hundreds. */
export function choicesFor(
  text: string,
  colleagues: readonly Colleague[],
  items: readonly CatalogueItem[],
): TransferChoices {
  const wanted = text.trim().toLowerCase()
  const fits = (...words: string[]): boolean => words.some((word) => word.toLowerCase().includes(wanted))
  const open = colleagues.filter((one) => one.status !== 'offline')
  const departments = [...new Set(items.map((item) => item.department))].filter(
    (name) => name !== '' && open.some((one) => servesAll(one) || one.departments.includes(name)),
  )
  return {
    seats: open
      .filter((one) => fits(one.seat_name, one.agent_name, ...one.departments))
      .toSorted((a, b) => availability(a) - availability(b))
      .map((colleague) => ({ kind: 'seat', colleague })),
    departments: departments.filter((name) => fits(name)).map((name) => ({ kind: 'department', name })),
    items:
      wanted === ''
        ? []
        : items
            .filter((item) => fits(item.name, item.name_en, item.initials, item.code))
            .slice(0, MOST_ITEMS)
            .map((item) => ({ kind: 'item', item })),
  }
}
