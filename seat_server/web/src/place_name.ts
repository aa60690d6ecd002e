import type { LocationRef } from '@xiaowu/wire'

/** The first number in a name: seat "7号云窗口" is 7. Null when the name has none. */
export function figureOf(name: string): string | null {
  return /\d+/.exec(name)?.[0] ?? null
}

/**
 * Where a kiosk stands, in Chinese: the kiosk's name, with the location before it when the name
 * does not already say it.
 */
export function kioskPlace(location: LocationRef, kioskName: string): string {
  return kioskName.includes(location.name) ? kioskName : `${location.name} · ${kioskName}`
}
