/**
 * `saoma query`: what Alipay says of a payment, asked now.
 *
 * @module
 */

import type { Command } from 'commander'

/** Adds the command. */
export function register(program: Command): void {
  program
    .command('query <payment>')
    .description('ask Alipay now about a payment (its id or reference), or about any order number')
    .option('--direct', 'ask the gateway that the environment names for this out_trade_no', false)
    .option('--json', 'print one JSON line', false)
    .option('--folder <folder>', 'the folder of the running server', '.saoma')
    .addHelpText(
      'after',
      `
Examples:
  $ saoma query pay_01j9…
  $ saoma query ORDER-1001
  $ saoma query --direct no-such-order   a trial call: ACQ.TRADE_NOT_EXIST proves APPID and keys`,
    )
    .action(async (name: string, options: { direct: boolean; json: boolean; folder: string }) => {
      if (options.direct) {
        const { queryDirectly } = await import('../direct-query.ts')
        process.exitCode = await queryDirectly(process.env, name, options)
        return
      }
      const { connect, findPayment } = await import('../merchant-api.ts')
      const { describePayment } = await import('../payment-text.ts')
      const api = connect(process.env, options.folder)
      const { id } = await findPayment(api, name)
      const payment = await api.call<Awaited<ReturnType<typeof findPayment>>>(
        'POST',
        `/payments/${id}/sync`,
      )
      process.stdout.write(options.json ? `${JSON.stringify(payment)}\n` : describePayment(payment))
    })
}
