/**
 * Which language the pages speak: the one that was chosen, else the browser's.
 *
 * @module
 */
import { createContext, useContext } from 'react'
import { en } from './en.ts'
import { zh } from './zh.ts'

/** The languages, by their own names. */
export const LANGUAGES = { zh: '简体中文', en: 'English' } as const

/** A language. */
export type Language = keyof typeof LANGUAGES

/** The texts of a language. */
export const TEXTS = { zh, en } as const satisfies Record<Language, typeof en>

/** The language of the pages below. */
export const LanguageContext = createContext<Language>('zh')

/** What the pages say. */
export function useTexts(): typeof en {
  return TEXTS[useContext(LanguageContext)]
}

/** The language to begin with. */
export function preferredLanguage(): Language {
  return navigator.languages.some((tag) => tag.startsWith('zh')) ||
    !navigator.languages.some((tag) => tag.startsWith('en'))
    ? 'zh'
    : 'en'
}
