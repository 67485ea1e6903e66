/**
 * Reading `biz_content`, with Alipay's limits.
 *
 * @module
 */

import { type Fen, parseYuan } from '../../alipay/money.ts'
import { type Instant, parseBeijingTime } from '../../alipay/time.ts'
import { isTimeoutExpress } from '../expiry.ts'
import { type Refusal, type SubCode, refuse } from '../refusals.ts'

/** A field has a value that Alipay does not take. */
export class BizRefused extends Error {
  readonly refusal: Refusal

  constructor(subCode: SubCode, subMsg?: string) {
    super(subCode)
    this.refusal = refuse(subCode, subMsg)
  }
}

/** What the merchant wrote, and the ways to read it. Each of them throws {@link BizRefused}. */
export class BizContent {
  readonly #fields: Readonly<Record<string, unknown>>

  constructor(fields: Readonly<Record<string, unknown>>) {
    this.#fields = fields
  }

  /** The value as it was written; `undefined` where it is absent or empty. */
  raw(name: string): unknown {
    const value = Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined
    return value === null || value === '' ? undefined : value
  }

  /** A text of at most `max` characters; a number counts as its text. */
  text(name: string, max: number): string | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    if (typeof value !== 'string' && typeof value !== 'number') throw invalid(name)
    const text = String(value)
    if (Array.from(text).length > max) throw invalid(name)
    return text
  }

  /** A text that must be there. */
  requiredText(name: string, max: number): string {
    const text = this.text(name, max)
    if (text === undefined) throw invalid(name)
    return text
  }

  /** A number that the merchant gives: letters, digits, `_` and `-`, at most 64. */
  merchantNumber(name: string): string | undefined {
    const text = this.text(name, 64)
    if (text !== undefined && !/^[\w-]+$/.test(text)) throw invalid(name)
    return text
  }

  /** An amount in yuan, from 0.01 to 100,000,000. */
  amount(name: string): Fen | undefined {
    const text = this.text(name, 16)
    if (text === undefined) return undefined
    const amount = readYuan(name, text)
    if (amount < 1) throw invalid(name)
    if (amount > LARGEST_AMOUNT) throw new BizRefused('ACQ.TOTAL_FEE_EXCEED')
    return amount
  }

  /** An amount that must be there. */
  requiredAmount(name: string): Fen {
    const amount = this.amount(name)
    if (amount === undefined) throw invalid(name)
    return amount
  }

  /** A relative time-out: `1m` to `15d`, `1c`. */
  timeout(name: string): string | undefined {
    const text = this.text(name, 6)
    if (text !== undefined && !isTimeoutExpress(text)) throw invalid(name)
    return text
  }

  /** A Beijing time. */
  time(name: string): Instant | undefined {
    const text = this.text(name, 32)
    if (text === undefined) return undefined
    try {
      return parseBeijingTime(text)
    } catch {
      throw invalid(name)
    }
  }

  /** The names in `query_options`. */
  queryOptions(): readonly string[] {
    const value = this.raw('query_options')
    if (value === undefined) return []
    if (!Array.isArray(value)) throw invalid('query_options')
    return value.map(String)
  }

  /** `trade_no` and `out_trade_no`, of which one must be there. */
  tradeNames(): { trade_no: string | undefined; out_trade_no: string | undefined } {
    const names = {
      trade_no: this.text('trade_no', 64),
      out_trade_no: this.text('out_trade_no', 64),
    }
    if (names.trade_no === undefined && names.out_trade_no === undefined) {
      throw invalid('out_trade_no')
    }
    return names
  }
}

/** 100,000,000 yuan. */
const LARGEST_AMOUNT = 10_000_000_000

function readYuan(name: string, text: string): Fen {
  try {
    return parseYuan(text)
  } catch {
    throw invalid(name)
  }
}

/** `ACQ.INVALID_PARAMETER` which names the field: Alipay's own text often does not. */
export function invalid(name: string): BizRefused {
  return new BizRefused('ACQ.INVALID_PARAMETER', `参数无效：${name}`)
}
