/**
 * What this browser remembers: language and appearance. `?lang=en` chooses, too.
 *
 * @module
 */
import { useEffect, useState } from 'react'
import { LANGUAGES, preferredLanguage, type Language } from './language/language.tsx'

/** How it looks. */
export type Appearance = 'light' | 'dark' | 'system'

/** What is chosen, and how to choose. */
export interface Preferences {
  readonly language: Language
  readonly appearance: Appearance
  readonly isDark: boolean
  readonly chooseLanguage: (language: Language) => void
  readonly chooseAppearance: (appearance: Appearance) => void
}

/** Reads and keeps what is chosen. */
export function usePreferences(): Preferences {
  const [language, setLanguage] = useState(firstLanguage)
  const [appearance, setAppearance] = useState(firstAppearance)
  const systemIsDark = useSystemIsDark()
  const isDark = appearance === 'system' ? systemIsDark : appearance === 'dark'
  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
    document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light'
  }, [language, isDark])
  return {
    language,
    appearance,
    isDark,
    chooseLanguage(chosen) {
      localStorage.setItem('saoma-language', chosen)
      setLanguage(chosen)
    },
    chooseAppearance(chosen) {
      localStorage.setItem('saoma-appearance', chosen)
      setAppearance(chosen)
    },
  }
}

function firstLanguage(): Language {
  const asked = new URLSearchParams(location.search).get('lang')
  const kept = asked ?? localStorage.getItem('saoma-language') ?? ''
  return Object.hasOwn(LANGUAGES, kept) ? (kept as Language) : preferredLanguage()
}

function firstAppearance(): Appearance {
  const kept = localStorage.getItem('saoma-appearance')
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

function useSystemIsDark(): boolean {
  const [query] = useState(() => matchMedia('(prefers-color-scheme: dark)'))
  const [isDark, setDark] = useState(query.matches)
  useEffect(() => {
    const look = (): void => setDark(query.matches)
    query.addEventListener('change', look)
    return () => query.removeEventListener('change', look)
  }, [query])
  return isDark
}
