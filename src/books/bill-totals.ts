/**
 * What rows of a bill add up to: in all, and by store, cashier and till.
 *
 * @module
 */

import { toFen, type Fen } from '../alipay/index.ts'
import type { BillRow } from './bill-row.ts'

/** Numbers of rows and sums in fen. Refunds are sums that went back, 0 or more. */
export interface BillTotals {
  readonly payments: number
  readonly gross: Fen
  readonly refunds: number
  readonly refunded: Fen
  /** What the merchant let off the payments, and got back of it with the refunds. */
  readonly discount: Fen
  readonly discountBack: Fen
  /** What the merchant has of it, discounts and refunds taken off, the fee not yet. */
  readonly received: Fen
  /** Alipay's fee: negative where it costs. */
  readonly fee: Fen
  /** Rows of the account bill that are no sales, and what they come to. */
  readonly others: number
  readonly othersAmount: Fen
}

/** Of one store, cashier and till. */
export interface GroupTotals extends BillTotals {
  readonly storeId: string
  readonly operatorId: string
  readonly terminalId: string
}

const NOTHING = toFen(0)

/** No rows. */
export const NO_TOTALS: BillTotals = {
  payments: 0,
  gross: NOTHING,
  refunds: 0,
  refunded: NOTHING,
  discount: NOTHING,
  discountBack: NOTHING,
  received: NOTHING,
  fee: NOTHING,
  others: 0,
  othersAmount: NOTHING,
}

type Sum = { -readonly [K in keyof BillTotals]: BillTotals[K] }

/** Adds rows up. */
export class BillSum {
  readonly #total: Sum = { ...NO_TOTALS }
  readonly #groups = new Map<string, GroupTotals & Sum>()
  #hasFees = false

  add(row: BillRow): void {
    addRow(this.#total, row)
    this.#hasFees ||= row.fee !== null
    const { storeId, operatorId, terminalId } = row
    const key = `${storeId}\t${operatorId}\t${terminalId}`
    let group = this.#groups.get(key)
    if (group === undefined) {
      group = { storeId, operatorId, terminalId, ...NO_TOTALS }
      this.#groups.set(key, group)
    }
    addRow(group, row)
  }

  get total(): BillTotals {
    return this.#total
  }

  /** How many stores, cashiers and tills there are. */
  get groupCount(): number {
    return this.#groups.size
  }

  /** Whether any row told of a fee, be it 0. */
  get hasFees(): boolean {
    return this.#hasFees
  }

  get groups(): readonly GroupTotals[] {
    return [...this.#groups.values()]
  }
}

function addRow(sum: Sum, { kind, amount, received, fee }: BillRow): void {
  if (kind === 'other') {
    sum.others += 1
    sum.othersAmount = toFen(sum.othersAmount + received)
    return
  }
  if (kind === 'payment') {
    sum.payments += 1
    sum.gross = toFen(sum.gross + amount)
    sum.discount = toFen(sum.discount + amount - received)
  } else {
    sum.refunds += 1
    sum.refunded = toFen(sum.refunded + amount)
    sum.discountBack = toFen(sum.discountBack + amount + received)
  }
  sum.received = toFen(sum.received + received)
  sum.fee = toFen(sum.fee + (fee ?? 0))
}
