/**
 * What a line of a timeline says, in plain words.
 *
 * @module
 */
import type { TimelineEntry } from '../api/objects.ts'
import { useTexts } from '../language/language.tsx'
import { yuanText } from './money.tsx'

/** Tells an entry. */
export function useTold(): (entry: TimelineEntry) => string {
  const { timeline: texts } = useTexts()
  return ({ kind, summary }) => {
    switch (kind) {
      case 'trade': {
        // Alipay tells of a refund as of a trade; that may come before the answer to the refund.
        if (typeof summary['outRequestNo'] === 'string') return texts.refund_done
        const status = String(summary['tradeStatus'])
        return (texts.trade as Record<string, string>)[status] ?? texts.tradeOther(status)
      }
      case 'cancel_answered':
        return texts.cancel_answered[(summary['action'] as 'close' | 'refund' | null) ?? 'none']
      case 'settled':
        return summary['duplicateOf'] === null ? texts.settled : texts.settledDuplicate
      case 'review_resolved':
        return texts.review_resolved[summary['action'] === 'refund' ? 'refund' : 'accept']
      default: {
        const plain = (texts as unknown as Record<string, unknown>)[kind]
        const amount =
          typeof summary['amount'] === 'number' ? ` ${yuanText(summary['amount'])}` : ''
        return (typeof plain === 'string' ? plain : texts.other(kind)) + amount
      }
    }
  }
}
