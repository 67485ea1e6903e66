/**
 * What was received, hour by hour or day by day: a drawing, and the same as a table for those who
 * do not see it.
 *
 * @module
 */
import { Grid } from 'antd'
import { useContext, useState, type ReactNode } from 'react'
import type { Figures } from '../api/objects.ts'
import { LanguageContext, useTexts } from '../language/language.tsx'
import { momentText, yuanText } from './money.tsx'

const HEIGHT = 220
const LEFT = 64
const BOTTOM = 24
const TOP = 8
const LINES = 4

/** The chart. */
export function BarChart({
  series,
  interval,
}: {
  readonly series: Figures['series']
  readonly interval: 'hour' | 'day'
}): ReactNode {
  const { overview: texts } = useTexts()
  const language = useContext(LanguageContext)
  const [at, setAt] = useState<number | null>(null)
  // On a phone the drawing is narrower, so that its words stay as large.
  const width = Grid.useBreakpoint().md === false ? 420 : 960
  const top = niceTop(Math.max(...series.map(({ amount }) => amount), 0))
  const step = (width - LEFT) / Math.max(series.length, 1)
  const y = (fen: number): number => TOP + (HEIGHT - TOP - BOTTOM) * (1 - fen / top)
  const label = (instant: string): string => {
    const text = momentText(instant, language, 'short')
    return interval === 'hour'
      ? (/\d\d(?=:)/.exec(text)?.[0] ?? '')
      : momentText(instant, language, 'short').slice(0, 5)
  }
  const every = Math.ceil(series.length / (width / 80))
  const shown = at === null ? undefined : series[at]
  return (
    <figure style={{ margin: 0 }}>
      <div className="quiet" style={{ minHeight: 22 }} aria-live="polite">
        {shown
          ? `${label(shown.at)}${interval === 'hour' ? ':00' : ''} · ${yuanText(shown.amount)} · ${texts.succeeded} ${shown.succeeded}/${shown.count}`
          : ' '}
      </div>
      <svg
        className="chart"
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-label={texts.chartTitle}
        onMouseLeave={() => setAt(null)}
      >
        {Array.from({ length: LINES + 1 }, (_, line) => (top / LINES) * line).map((fen) => (
          <g key={fen}>
            <line className="rule" x1={LEFT} x2={width} y1={y(fen)} y2={y(fen)} />
            <text x={LEFT - 8} y={y(fen) + 4} textAnchor="end">
              {shortYuan(fen, language)}
            </text>
          </g>
        ))}
        {series.map(({ at: instant, amount }, index) => {
          const x = LEFT + step * index
          const height = amount === 0 ? 0 : Math.max(2, y(0) - y(amount))
          return (
            <g key={instant} onMouseEnter={() => setAt(index)} onClick={() => setAt(index)}>
              <rect x={x} y={TOP} width={step} height={HEIGHT - TOP - BOTTOM} fill="transparent" />
              <rect
                className={at === index ? 'bar on' : 'bar'}
                x={x + step * 0.18}
                y={y(0) - height}
                width={step * 0.64}
                height={height}
                rx={Math.min(4, step / 6)}
              />
              {index % every === 0 && (
                <text x={x + step / 2} y={HEIGHT - 6} textAnchor="middle">
                  {label(instant)}
                </text>
              )}
            </g>
          )
        })}
      </svg>
      <details style={{ marginTop: 8 }}>
        <summary className="quiet">{texts.tableView}</summary>
        <table style={{ borderSpacing: '16px 4px', marginTop: 8 }}>
          <thead>
            <tr>
              <th scope="col">{texts.range}</th>
              <th scope="col">{texts.amount}</th>
              <th scope="col">{texts.succeeded}</th>
              <th scope="col">{texts.count}</th>
            </tr>
          </thead>
          <tbody>
            {series.map((one) => (
              <tr key={one.at}>
                <td className="num">
                  {momentText(one.at, language, interval === 'hour' ? 'short' : 'day')}
                </td>
                <td className="num" style={{ textAlign: 'right' }}>
                  {yuanText(one.amount)}
                </td>
                <td className="num" style={{ textAlign: 'right' }}>
                  {one.succeeded}
                </td>
                <td className="num" style={{ textAlign: 'right' }}>
                  {one.count}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  )
}

/** A round number above, that quarters well. */
function niceTop(fen: number): number {
  const yuan = Math.max(fen / 100, 4)
  const power = 10 ** Math.floor(Math.log10(yuan))
  const nice = [1, 2, 4, 8, 10].find((factor) => factor * power >= yuan) ?? 10
  return nice * power * 100
}

function shortYuan(fen: number, language: 'zh' | 'en'): string {
  return new Intl.NumberFormat(language === 'zh' ? 'zh-CN' : 'en', {
    notation: 'compact',
    maximumFractionDigits: 1,
  }).format(fen / 100)
}
