import { inject, type InjectionKey, type ShallowRef } from 'vue'
import type { Desk } from './desk'
import type { DeskState } from './desk_state'

/** What every component of the desk needs. */
export interface DeskContext {
  desk: Desk
  state: DeskState
  /** The server's time in whole seconds. */
  now: Readonly<ShallowRef<number>>
  /** The ring tone once, to try it; also unlocks sound in this page. */
  tryRing(): void
  soundUnlocked(): boolean
}

export const deskKey: InjectionKey<DeskContext> = Symbol('desk')

export function useDesk(): DeskContext {
  const context = inject(deskKey)
  if (context === undefined) throw new Error('no desk was provided')
  return context
}
