/**
 * "I have paid": asks Alipay at once, where the buyer does not want to wait for the next round.
 * Whoever has the address can press the button, so it is taken once in a while only.
 *
 * @module
 */
import { addMs, type Instant } from '../../alipay/index.ts'
import type { PaymentRecord } from '../../payments/index.ts'
import { describeError, type AppContext } from '../options.ts'

/** How long a payment is not asked about again. Presses in between see what is committed. */
export const RECHECK_AFTER_MS = 3_000

/** How long the buyer waits for Alipay; the answer that comes later is committed all the same. */
const WAIT_MS = 4_000

/** Remembers when each payment was asked about. */
export class Recheck {
  readonly #nextAt = new Map<string, Instant>()

  /** The payment as it is committed after Alipay was asked, or as it is where it may not be. */
  async ask(record: PaymentRecord, context: AppContext): Promise<PaymentRecord> {
    const { id, status } = record.payment
    const isOpen = status === 'pending' || status === 'closing'
    if (!isOpen || !this.#take(id, context.clock.now())) return record
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, WAIT_MS, undefined)
    })
    const answer = context.payments.sync(id).catch((error: unknown) => {
      context.log({ level: 'error', event: 'recheck.failed', ...describeError(error) })
      return undefined
    })
    const synced = await Promise.race([answer, late]).finally(() => clearTimeout(timer))
    return synced ?? (await context.payments.find(id)) ?? record
  }

  #take(id: string, now: Instant): boolean {
    for (const [known, nextAt] of this.#nextAt) {
      if (nextAt > now) break
      this.#nextAt.delete(known)
    }
    if (this.#nextAt.has(id)) return false
    this.#nextAt.set(id, addMs(now, RECHECK_AFTER_MS))
    return true
  }
}
