/** Seconds before the end of a pause at which somebody near the booth should hear it. */
const CALLS_S = [120, 60, 30, 20, 10] as const
/** From here on the screen itself looks urgent. */
export const SHORT_S = 60

/** The call that is due between two looks at the clock; null when there is none. */
export function callDue(leftBefore: number, leftNow: number): number | null {
  return CALLS_S.findLast((at) => leftBefore > at && leftNow <= at) ?? null
}
