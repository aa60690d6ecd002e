import { inject, type InjectionKey, type ShallowRef } from 'vue'
import type { Wall, WallState } from './wall'

/** What every component of the wall needs. */
export interface WallContext {
  wall: Wall
  state: WallState
  /** The server's time in whole seconds. */
  now: Readonly<ShallowRef<number>>
}

export const wallKey: InjectionKey<WallContext> = Symbol('wall')

export function useWall(): WallContext {
  const context = inject(wallKey)
  if (context === undefined) throw new Error('no wall was provided')
  return context
}
