/**
 * Which language a page is shown in.
 *
 * @module
 */
import type { Context } from 'hono'
import { en } from './texts/en.ts'
import { zh, type Texts } from './texts/zh.ts'

/** The languages of the pages. */
export type Language = 'zh' | 'en'

/** All texts, by language. */
export const texts: Record<Language, Texts> = { zh, en }

/**
 * The language of a request: `?lang=`, else the one of the two that `Accept-Language` prefers, else
 * Chinese.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110.html#name-accept-language
 */
export function requestLanguage(c: Context): Language {
  const asked = c.req.query('lang')
  if (asked === 'zh' || asked === 'en') return asked
  let best: { language: Language; weight: number } = { language: 'zh', weight: 0 }
  for (const range of (c.req.header('accept-language') ?? '').toLowerCase().split(',')) {
    const match = /^\s*(zh|en)(?:-[a-z0-9-]+)?\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?$/.exec(range)
    const weight = Number(match?.[2] ?? 1)
    if (match !== null && weight > best.weight) best = { language: match[1] as Language, weight }
  }
  return best.language
}

/**
 * Adds the language to a link of ours where the reader has chosen it by `?lang=`, so that it stays
 * chosen.
 */
export function keepLanguage(c: Context, path: string): string {
  const asked = c.req.query('lang')
  return asked === 'zh' || asked === 'en' ? `${path}?lang=${asked}` : path
}

/** Fills `{name}` in a text. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)
}
