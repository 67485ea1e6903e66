/**
 * Amounts and times as people read them.
 *
 * @module
 */
import type { ReactNode } from 'react'
import { useContext } from 'react'
import { LanguageContext, type Language } from '../language/language.tsx'

const YUAN = new Intl.NumberFormat('zh-CN', { minimumFractionDigits: 2, maximumFractionDigits: 2 })

/** `¥1,234.56` of fen. */
export function yuanText(fen: number): string {
  return `¥${YUAN.format(fen / 100)}`
}

/** An amount in a column of amounts. */
export function Money({ fen }: { readonly fen: number }): ReactNode {
  return <span className="num">{yuanText(fen)}</span>
}

const MOMENTS = new Map<string, Intl.DateTimeFormat>()

/** A time in Beijing; `short` leaves the year out. */
export function momentText(
  at: string,
  language: Language,
  style: 'full' | 'short' | 'day' = 'full',
): string {
  const key = `${language}${style}`
  let format = MOMENTS.get(key)
  if (format === undefined) {
    format = new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', {
      timeZone: 'Asia/Shanghai',
      ...(style !== 'short' && { year: 'numeric' }),
      month: '2-digit',
      day: '2-digit',
      ...(style !== 'day' && {
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
        hour12: false,
      }),
    })
    MOMENTS.set(key, format)
  }
  return format.format(new Date(at))
}

/** A time; a dash where there is none. */
export function Moment({
  at,
  short = false,
}: {
  readonly at: string | null | undefined
  readonly short?: boolean
}): ReactNode {
  const language = useContext(LanguageContext)
  if (at === null || at === undefined) return <span className="quiet">—</span>
  return (
    <time className="num" dateTime={at} title={momentText(at, language)}>
      {momentText(at, language, short ? 'short' : 'full')}
    </time>
  )
}

/** Text that somebody else wrote: never markup, and it cannot turn the line around. */
export function Foreign({
  children,
  oneLine = false,
}: {
  readonly children: string
  readonly oneLine?: boolean
}): ReactNode {
  return (
    <bdi
      className={oneLine ? 'foreign one-line' : 'foreign'}
      title={oneLine ? children : undefined}
    >
      {children}
    </bdi>
  )
}
