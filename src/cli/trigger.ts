/**
 * `saoma trigger` at work: makes something happen in `saoma dev`, for real: a payment is made, the
 * emulator's buyer pays it, money goes back. So the events that follow are genuine ones.
 *
 * @module
 */

import { request } from 'undici'
import type { Payment, Saoma } from '../client/index.ts'
import { Failure } from './failure.ts'
import { connectClient, toFailure } from './merchant-api.ts'

/** What can be made to happen. */
export const TRIGGERS = {
  'payment.created': 'a payment is made',
  'payment.scanned': 'a buyer scans the code',
  'payment.succeeded': 'a buyer pays',
  'payment.canceled': 'the merchant gives a payment up',
  'refund.succeeded': 'a buyer pays, and gets a part back',
} as const

/** The name of one. */
export type Trigger = keyof typeof TRIGGERS

/** What is triggered, and where. */
export interface TriggerOptions {
  readonly trigger: string
  /** Fen. */
  readonly amount: number
  /** Where the emulator is. */
  readonly emulator: string
  readonly json: boolean
  readonly folder: string
}

/** The buyer of the emulator who pays. */
const BUYER = '2088102100000016'

/** Makes it happen. */
export async function trigger(
  env: Readonly<Record<string, string | undefined>>,
  options: TriggerOptions,
): Promise<void> {
  const { trigger: name, json, folder } = options
  if (!Object.hasOwn(TRIGGERS, name)) {
    const known = Object.entries(TRIGGERS).map(([one, what]) => `  ${one.padEnd(20)} ${what}`)
    throw new Failure(`There is no trigger ${name}. There are:\n${known.join('\n')}`)
  }
  const saoma = connectClient(env, folder)
  const payment = await happen(saoma, name as Trigger, options).catch((error: unknown) => {
    throw toFailure(error)
  })
  const { id, status } = payment
  process.stdout.write(json ? `${JSON.stringify(payment)}\n` : `${name}: ${id} is ${status}\n`)
}

async function happen(saoma: Saoma, name: Trigger, options: TriggerOptions): Promise<Payment> {
  const { amount, emulator } = options
  const made = await saoma.payments.create({ amount, subject: `saoma trigger ${name}` })
  if (made.livemode) throw new Failure('This server takes real money: nothing is triggered there.')
  if (name === 'payment.created') return made
  if (name === 'payment.canceled') return saoma.payments.cancel(made.id)
  const code = made.next_action?.qr_code
  const scanned = await act<{ trade: { trade_no: string } }>(emulator, 'scan', { code })
  if (name === 'payment.scanned') return saoma.payments.sync(made.id)
  await act(emulator, 'pay', { trade_no: scanned.trade.trade_no })
  const paid = await saoma.payments.sync(made.id)
  if (name === 'payment.succeeded') return paid
  await saoma.refunds.create({ payment: made.id, amount: Math.ceil(amount / 2) })
  return saoma.payments.get(made.id)
}

async function act<Answer>(emulator: string, what: string, body: object): Promise<Answer> {
  const address = new URL(`/_emulator/wallet/${what}`, emulator)
  const answer = await request(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ buyer: BUYER, ...body }),
  }).catch((cause: unknown) => {
    throw new Failure(
      `No emulator answers at ${emulator}. Triggers need \`saoma dev\`; name its emulator with --emulator. (${(cause as Error).message})`,
      1,
    )
  })
  return (await answer.body.json()) as Answer
}
