/**
 * `expand[]`: what an object names by its id comes as an object, in the same answer.
 *
 * @module
 */
import { z } from 'zod'
import { allows, type Scope } from '../access/index.ts'
import { paymentJson, refundJson, type PaymentRecord } from '../payments/index.ts'
import { insufficientScope, type Actor } from './authentication.ts'
import type { AppContext } from './options.ts'
import type { Problem } from './problem.ts'

/** What can come as an object, with what one must be allowed to see for it. */
const EXPANDABLE = {
  payment: 'payments:read',
  refund: 'refunds:read',
  refunds: 'refunds:read',
} as const satisfies Readonly<Record<string, Scope>>

/** The name of something that can come as an object. */
export type Expandable = keyof typeof EXPANDABLE

/** The parameter `expand[]` of an operation whose objects have these. */
export function expandField<const Names extends readonly [Expandable, ...Expandable[]]>(
  ...names: Names
) {
  const message = `expand[] is ${names.join(' or ')}`
  return z
    .array(z.enum(names, message), message)
    .default([])
    .describe(`Comes as an object: ${names.map((name) => `\`${name}\``).join(', ')}`)
}

/** Why who asks may not have it expanded; `undefined` where he may. */
export function expandRefusal(actor: Actor, expand: readonly Expandable[]): Problem | undefined {
  const missing = expand.find((name) => !allows(actor.scopes, EXPANDABLE[name]))
  return missing && insufficientScope(EXPANDABLE[missing], actor)
}

/** What stands in the place of ids. */
export interface Expanded {
  /** Fields that take the place of those of an object about a payment, and maybe a refund. */
  of(ids: { readonly payment: string; readonly refund?: string | null }): object
}

/** Looks up what objects name, each payment once, however many of them name it. */
export async function expandPayments(
  { payments, presentation, clock }: AppContext,
  expand: readonly Expandable[],
  paymentIds: readonly string[],
): Promise<Expanded> {
  const ids = expand.length === 0 ? [] : [...new Set(paymentIds)]
  const found = await Promise.all(ids.map((id) => payments.find(id)))
  const records = new Map<string, PaymentRecord>()
  for (const record of found) if (record !== undefined) records.set(record.payment.id, record)
  return {
    of({ payment, refund }) {
      const record = records.get(payment)
      const its = record?.refunds.find(({ id }) => id === refund)
      return {
        ...(record &&
          expand.includes('payment') && {
            payment: paymentJson(record, presentation, clock.now()),
          }),
        ...(its && expand.includes('refund') && { refund: refundJson(its, presentation) }),
      }
    },
  }
}
