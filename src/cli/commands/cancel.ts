/**
 * `saoma cancel`: gives a payment up.
 *
 * @module
 */

import type { Command } from 'commander'

/** Adds the command. */
export function register(program: Command): void {
  program
    .command('cancel <payment>')
    .description('give a payment up: query, and if the buyer has not paid, alipay.trade.cancel')
    .option('--json', 'print one JSON line', false)
    .option('--folder <folder>', 'the folder of the running server', '.saoma')
    .addHelpText(
      'after',
      `
A paid payment is not canceled but refunded: saoma refund.

Example:
  $ saoma cancel ORDER-1001`,
    )
    .action(async (name: string, options: { json: boolean; folder: string }) => {
      const { ApiRefusal, connect, findPayment } = await import('../merchant-api.ts')
      const { Failure } = await import('../failure.ts')
      const { describePayment } = await import('../payment-text.ts')
      const api = connect(process.env, options.folder)
      const { id } = await findPayment(api, name)
      const payment = await api
        .call<Awaited<ReturnType<typeof findPayment>>>('POST', `/payments/${id}/cancel`)
        .catch((error: unknown) => {
          const isPaid = error instanceof ApiRefusal && error.code === 'payment_already_succeeded'
          if (!isPaid) throw error
          throw new Failure(`The buyer has paid. To give the money back: saoma refund ${name}`, 1)
        })
      process.stdout.write(options.json ? `${JSON.stringify(payment)}\n` : describePayment(payment))
    })
}
