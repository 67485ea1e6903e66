/**
 * Where language and appearance are chosen.
 *
 * @module
 */
import { GlobalOutlined, MoonOutlined, SunOutlined } from '@ant-design/icons'
import { Button, Dropdown } from 'antd'
import { createContext, useContext, type ReactNode } from 'react'
import { LANGUAGES, useTexts, type Language } from '../language/language.tsx'
import type { Appearance, Preferences } from '../preferences.ts'

/** What is chosen in this browser. */
export const PreferencesContext = createContext<Preferences | null>(null)

/** What is chosen in this browser, and how to choose. */
export function useChosen(): Preferences {
  const preferences = useContext(PreferencesContext)
  if (preferences === null) throw new Error('There are no preferences here')
  return preferences
}

/** Two buttons: language and appearance. */
export function PreferencesMenu(): ReactNode {
  const texts = useTexts()
  const { language, appearance, isDark, chooseLanguage, chooseAppearance } = useChosen()
  return (
    <>
      <Dropdown
        autoFocus
        trigger={['click']}
        menu={{
          selectedKeys: [language],
          items: Object.entries(LANGUAGES).map(([key, label]) => ({ key, label })),
          onClick: ({ key }) => chooseLanguage(key as Language),
        }}
      >
        <Button type="text" icon={<GlobalOutlined />} aria-label={texts.language} />
      </Dropdown>
      <Dropdown
        autoFocus
        trigger={['click']}
        menu={{
          selectedKeys: [appearance],
          items: (['light', 'dark', 'system'] as const).map((key) => ({
            key,
            label: texts.theme[key],
          })),
          onClick: ({ key }) => chooseAppearance(key as Appearance),
        }}
      >
        <Button
          type="text"
          icon={isDark ? <MoonOutlined /> : <SunOutlined />}
          aria-label={texts.theme.label}
        />
      </Dropdown>
    </>
  )
}
