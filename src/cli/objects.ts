/**
 * Payments, refunds and events in a terminal: lists as tables, single ones as they are, and what
 * can be done with them.
 *
 * @module
 */

import { yuan, type Payment, type Refund, type SaomaEvent, type Saoma } from '../client/index.ts'
import { connectClient, toFailure } from './merchant-api.ts'
import { table } from './table.ts'

/** How an answer is printed, and whose server is asked. */
export interface ObjectOptions {
  readonly json: boolean
  readonly folder: string
}

/** Asks the server and prints what it says: JSON, or by `show`. */
export async function ask<Answer>(
  { json, folder }: ObjectOptions,
  question: (saoma: Saoma) => Promise<Answer>,
  show: (answer: Answer) => string,
): Promise<void> {
  const answer = await question(connectClient(process.env, folder)).catch((error: unknown) => {
    throw toFailure(error)
  })
  process.stdout.write(json ? `${JSON.stringify(answer)}\n` : show(answer))
}

/** Payments as a table. */
export function paymentTable(payments: readonly Payment[]): string {
  return table(
    ['ID', 'YUAN', 'STATUS', 'REFUNDED', 'REFERENCE', 'SUBJECT', 'CREATED'],
    payments.map((payment) => [
      payment.id,
      yuan(payment.amount),
      payment.review === null ? payment.status : `${payment.status} (${payment.review})`,
      payment.amount_refunded === 0 ? null : yuan(payment.amount_refunded),
      payment.reference,
      shorten(payment.subject),
      payment.created_at,
    ]),
  )
}

/** Refunds as a table. */
export function refundTable(refunds: readonly Refund[]): string {
  return table(
    ['ID', 'YUAN', 'STATUS', 'PAYMENT', 'REFERENCE', 'REASON', 'CREATED'],
    refunds.map((refund) => [
      refund.id,
      yuan(refund.amount),
      refund.status,
      refund.payment,
      refund.reference,
      refund.reason === null ? null : shorten(refund.reason),
      refund.created_at,
    ]),
  )
}

/** Events as a table. */
export function eventTable(events: readonly SaomaEvent[]): string {
  return table(
    ['ID', 'TYPE', 'OBJECT', 'TIME'],
    events.map(({ id, type, refund, payment, timestamp }) => [
      id,
      type,
      refund ?? payment,
      timestamp,
    ]),
  )
}

/** Any object, each field on a line. */
export function fields(object: object): string {
  return table(
    ['FIELD', 'VALUE'],
    Object.entries(object).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
}

const SHOWN = 24

function shorten(text: string): string {
  const characters = Array.from(text)
  return characters.length <= SHOWN ? text : `${characters.slice(0, SHOWN - 1).join('')}…`
}
