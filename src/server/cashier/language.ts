/**
 * Which language the buyer reads.
 *
 * @module
 */
import type { Context } from 'hono'

/** The languages of the cashier page. */
export type Language = 'zh' | 'en'

/**
 * `?lang=` where it is given, else the language that `Accept-Language` likes best, else Chinese.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-accept-language
 */
export function languageOf(c: Context): Language {
  const asked = c.req.query('lang')
  if (asked === 'zh' || asked === 'en') return asked
  const weights = { zh: 0, en: 0 }
  for (const range of (c.req.header('accept-language') ?? '').toLowerCase().split(',')) {
    const match = /^\s*(zh|en)\b[^;]*(?:;\s*q=([\d.]+))?\s*$/.exec(range)
    const language = match?.[1] as Language | undefined
    if (language) weights[language] = Math.max(weights[language], Number(match?.[2] ?? 1))
  }
  return weights.en > weights.zh ? 'en' : 'zh'
}
