import { createI18n } from 'vue-i18n'
import en from './locales/en.json'
import zh from './locales/zh.json'
import type { Memory } from './session/memory'

export const LANGUAGES = ['zh', 'en'] as const
export type ScreenLanguage = (typeof LANGUAGES)[number]

export function isScreenLanguage(word: string | null): word is ScreenLanguage {
  return LANGUAGES.some((language) => language === word)
}

/** The texts of a page, in the language this machine remembers; Chinese first. */
export function openI18n(memory: Memory) {
  const remembered = memory.language
  const locale: ScreenLanguage = isScreenLanguage(remembered) ? remembered : 'zh'
  document.documentElement.lang = locale === 'zh' ? 'zh-CN' : 'en'
  return createI18n({ legacy: false, locale, fallbackLocale: 'zh', messages: { zh, en } })
}
