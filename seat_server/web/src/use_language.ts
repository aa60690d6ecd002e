import { inject, type InjectionKey } from 'vue'
import { useI18n } from 'vue-i18n'
import type { ScreenLanguage } from './i18n'
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

  const switchLanguage = (): void => {
    const next: ScreenLanguage = locale.value === 'zh' ? 'en' : 'zh'
    locale.value = next
    document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en'
    memory?.rememberLanguage(next)
  }

  return { t, te, locale, named, switchLanguage }
}
