/** Seconds as `m:ss`, from an hour on `h:mm:ss`; what lies in the future of both clocks reads 0:00. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const h = Math.floor(whole / 3600)
  const m = Math.floor((whole % 3600) / 60)
  const s = String(whole % 60).padStart(2, '0')
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`
}

/** What is left until a moment, rounded up, so that a countdown shows 0:00 only when it is over. */
export function countdownText(secondsLeft: number): string {
  return durationText(Math.ceil(Math.max(0, secondsLeft)))
}

export type WaitTone = 'calm' | 'late' | 'overdue'

/** After ten minutes somebody should look, after twenty somebody should act. */
export const LATE_AFTER_S = 600
export const OVERDUE_AFTER_S = 1200

/** How worrying a wait of so many seconds is. */
export function waitTone(seconds: number): WaitTone {
  if (seconds >= OVERDUE_AFTER_S) return 'overdue'
  return seconds >= LATE_AFTER_S ? 'late' : 'calm'
}

/** Hours, minutes and seconds on the wall clock of this place. */
export function timeOfDay(epochSeconds: number): string {
  const at = new Date(epochSeconds * 1000)
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':')
}
