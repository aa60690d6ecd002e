import { createI18n } from 'vue-i18n'
import bo from './locales/bo.json'
import en from './locales/en.json'
import zh from './locales/zh.json'

/** Every language this page has words for, by its own name. */
export const LANGUAGE_NAMES: Readonly<Record<string, string>> = {
  zh: '中文',
  en: 'English',
  bo: 'བོད་ཡིག',
}

/** What `<html lang>` says, so that the right glyphs and voices are chosen. */
export const HTML_LANG: Readonly<Record<string, string>> = { zh: 'zh-CN', en: 'en', bo: 'bo' }

/** The texts; the first of `languages` is shown first. */
export function createTexts(languages: readonly string[]) {
  return createI18n({
    legacy: false,
    locale: languages[0] ?? 'zh',
    fallbackLocale: 'zh',
    messages: { zh, en, bo } as Record<string, typeof zh>,
  })
}
