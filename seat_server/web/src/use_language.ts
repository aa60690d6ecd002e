import type { LocationRef } from '@xiaowu/wire'
import { inject, type InjectionKey } from 'vue'
import { useI18n } from 'vue-i18n'
import type { ScreenLanguage } from './i18n'
import { figureOf, kioskPlace } from './place_name'
import type { Memory } from './session/memory'

export const memoryKey: InjectionKey<Memory> = Symbol('memory')

/** A thing of the district that has a Chinese and an English name. */
interface Named {
  name: string
  name_en: string
}

/** The language of the screen: texts, names, and the switch between the two. */
export function useLanguage() {
  const { t, te, locale } = useI18n()
  const memory = inject(memoryKey)

  /** The name to show; what has no English name is shown in Chinese. */
  const named = (thing: Named): string =>
    locale.value === 'en' && thing.name_en !== '' ? thing.name_en : thing.name

  /** A seat by its name; seats have one in Chinese only, so in English by its number. */
  const seatTitle = (name: string): string => {
    const n = locale.value === 'en' ? figureOf(name) : null
    return n === null ? name : t('place.seat', { n })
  }

  /** Location and kiosk in one short line. */
  const kioskTitle = (location: LocationRef, kioskName: string): string => {
    if (locale.value !== 'en') return kioskPlace(location, kioskName)
    const n = figureOf(kioskName)
    return `${named(location)} · ${n === null ? kioskName : t('place.kiosk', { n })}`
  }

  const switchLanguage = (): void => {
    const next: ScreenLanguage = locale.value === 'zh' ? 'en' : 'zh'
    locale.value = next
    document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en'
    memory?.rememberLanguage(next)
  }

  return { t, te, locale, named, seatTitle, kioskTitle, switchLanguage }
}
