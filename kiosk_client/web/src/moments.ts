import { useI18n } from 'vue-i18n'
import { HTML_LANG } from './i18n'
import { useKiosk } from './kiosk'

/** Moments in the resident's language and by the clock of the place. */
export interface Moments {
  timeOfDay(moment: number): string
  dayAndTime(moment: number): string
}

export function useMoments(): Moments {
  const { locale } = useI18n()
  const { hall } = useKiosk()
  const zone = (): string | undefined => hall.view.value?.location.time_zone || undefined
  return {
    timeOfDay: (moment) => timeOfDay(moment, locale.value, zone()),
    dayAndTime: (moment) => dayAndTime(moment, locale.value, zone()),
  }
}

/** A time of day as people say it: 下午4:30, 4:30 PM. */
export function timeOfDay(moment: number, locale: string, timeZone?: string): string {
  return format(moment, locale, { hour: 'numeric', minute: '2-digit', hourCycle: 'h12', timeZone })
}

/** A day and a time of day: 11月25日星期三 下午4:30. */
export function dayAndTime(moment: number, locale: string, timeZone?: string): string {
  const day = format(moment, locale, { month: 'long', day: 'numeric', weekday: 'long', timeZone })
  return `${day}${locale === 'en' ? ', ' : ' '}${timeOfDay(moment, locale, timeZone)}`
}

function format(moment: number, locale: string, options: Intl.DateTimeFormatOptions): string {
  // Browsers have no words for days in Tibetan; the Chinese ones are read there.
  const tag = Intl.DateTimeFormat.supportedLocalesOf([HTML_LANG[locale] ?? 'zh-CN'])[0] ?? 'zh-CN'
  return new Intl.DateTimeFormat(tag, options).format(new Date(moment * 1000))
}
