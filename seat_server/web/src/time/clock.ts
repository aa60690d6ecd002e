/** A moment as the clock on the wall shows it; with its day where that is not plain. */
export function clockText(at: number, language: string, withDay = false): string {
  const day: Intl.DateTimeFormatOptions = withDay ? { month: 'numeric', day: 'numeric' } : {}
  const format = new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', {
    ...day,
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  })
  return format.format(at * 1000)
}

/** The next half hours after `now`, so many of them, none of them tomorrow's. */
export function halfHoursAfter(now: number, count: number): number[] {
  const half = 1_800
  const midnight = new Date(now * 1000).setHours(24, 0, 0, 0) / 1000
  const first = (Math.floor(now / half) + 1) * half
  return Array.from({ length: count }, (_, n) => first + n * half).filter((at) => at < midnight)
}
