/**
 * What the address of a cashier page asks for beside the payment: language, colours, and the big
 * screen of a counter.
 *
 * @module
 */
import type { Context } from 'hono'
import { languageOf, type Language } from './language.ts'

/** How one reader sees the page. */
export interface PageOptions {
  readonly language: Language
  /** `?display=counter`: a screen that stands before the buyer, without mouse or touch. */
  readonly display: 'counter' | null
  /** `?theme=`: the colours of the page around it; `null` for those of the reader's machine. */
  readonly theme: 'light' | 'dark' | null
}

/** Reads the options; what is unknown counts as not given. */
export function pageOptionsOf(c: Context): PageOptions {
  const theme = c.req.query('theme')
  return {
    language: languageOf(c),
    display: c.req.query('display') === 'counter' ? 'counter' : null,
    theme: theme === 'light' || theme === 'dark' ? theme : null,
  }
}

/** The options as a query, which every link from the page carries on: `?lang=zh&theme=dark`. */
export function queryOf({ language, display, theme }: PageOptions): string {
  return [
    `?lang=${language}`,
    display === null ? '' : `&display=${display}`,
    theme === null ? '' : `&theme=${theme}`,
  ].join('')
}
