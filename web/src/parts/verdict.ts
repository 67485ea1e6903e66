/**
 * Whether a day's books and its bill agree, in a sentence. That every difference is named does not
 * make them the same.
 *
 * @module
 */
import type { DaySummary } from '../api/objects.ts'
import { FIGURES } from '../day-end-csv.ts'
import { useTexts } from '../language/language.tsx'
import { yuanText } from './money.tsx'

/** What is said of a day, and how good it is; `null` without a bill. */
export interface Verdict {
  readonly kind: 'success' | 'warning' | 'error'
  readonly text: string
}

/** Judges. */
export function useVerdict(): (summary: DaySummary) => Verdict | null {
  const { reconciliations: texts } = useTexts()
  return ({ books, bill, unexplained }) => {
    if (bill === null || unexplained === null) return null
    if (unexplained !== 0) return { kind: 'error', text: texts.unexplained(yuanText(unexplained)) }
    if (FIGURES.every((name) => bill[name] === books[name]))
      return { kind: 'success', text: texts.agrees }
    return { kind: 'warning', text: texts.explained(yuanText(bill.net - books.net)) }
  }
}
