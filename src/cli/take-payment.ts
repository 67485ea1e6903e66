/**
 * `saoma pay` at work: makes a payment, shows its code in the terminal, or takes the buyer's, and
 * waits for the end.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { renderUnicodeCompact } from 'uqr'
import { Failure } from './failure.ts'
import { connect, type ApiPayment, type MerchantApi } from './merchant-api.ts'
import { describePayment, readAmount } from './payment-text.ts'
import { openWaitingLine } from './waiting-line.ts'

/** How a payment is taken. */
export interface TakePaymentOptions {
  /** Yuan, such as `88.88`. */
  readonly amount: string
  readonly subject: string
  readonly reference: string | undefined
  /** Seconds that the buyer is given. */
  readonly expiresIn: number | undefined
  /** The payment code that the buyer shows; without it a code is shown to him. */
  readonly authCode: string | undefined
  /** Whether to wait for the end. */
  readonly wait: boolean
  readonly json: boolean
  readonly folder: string
}

/** How often the server is asked while the command waits. */
const ASK_MS = 500

/** States in which nothing more happens by itself. */
const ENDED: ReadonlySet<string> = new Set(['succeeded', 'expired', 'canceled', 'failed'])

/**
 * Takes a payment.
 *
 * @returns Exit code: 0 paid (or made, without waiting), 1 not.
 * @throws {Failure} If what was asked for does not go together.
 */
export async function takePayment(
  env: Readonly<Record<string, string | undefined>>,
  options: TakePaymentOptions,
): Promise<number> {
  const { json, wait, authCode, expiresIn } = options
  if (authCode !== undefined && expiresIn !== undefined) {
    throw new Failure(
      '--expires-in does not go with --auth-code: that buyer stands at the till, and has 60 seconds. Leave one of them out.',
    )
  }
  const api = connect(env, options.folder)
  const made = await api.call<ApiPayment>('POST', '/payments', {
    amount: readAmount(options.amount),
    subject: options.subject,
    ...(options.reference === undefined ? {} : { reference: options.reference }),
    ...(expiresIn === undefined ? {} : { expires_in: expiresIn }),
    ...(authCode === undefined ? {} : { auth_code: authCode }),
  })
  const say = (text: string): void => {
    if (!json) process.stdout.write(text)
  }
  say(describePayment(made))
  const isLive = !json && process.stdout.isTTY
  const payment = wait ? await followPayment(api, made, say, isLive) : made
  if (json) process.stdout.write(`${JSON.stringify(payment)}\n`)
  else if (!wait && payment.next_action !== null) say(`  ${payment.checkout_url}\n`)
  return wait ? Number(payment.status !== 'succeeded') : Number(payment.status === 'failed')
}

/** Shows the code and each change, until nothing more comes. */
async function followPayment(
  api: MerchantApi,
  made: ApiPayment,
  say: (text: string) => void,
  isLive: boolean,
): Promise<ApiPayment> {
  let payment = made
  let shown: string | undefined
  let status = payment.status
  const waiting = openWaitingLine(isLive)
  for (;;) {
    const code = payment.next_action?.qr_code
    if (code !== undefined && code !== shown) {
      const picture = renderUnicodeCompact(code, { border: 2 })
      waiting.clear()
      say(`\n${picture}\n\n  ${code}\n  ${payment.checkout_url}\n\n`)
      shown = code
    }
    if (ENDED.has(payment.status)) {
      waiting.clear()
      return payment
    }
    waiting.show(payment)
    await sleep(ASK_MS)
    payment = await api.call<ApiPayment>('GET', `/payments/${payment.id}`)
    const now =
      payment.status === 'pending' && payment.scanned_at !== null ? 'scanned' : payment.status
    if (now !== status) {
      waiting.clear()
      say(now === 'scanned' ? '  scanned: the buyer is paying\n' : describePayment(payment))
    }
    status = now
  }
}
