/**
 * `saoma refund`: gives money back.
 *
 * @module
 */

import type { Command } from 'commander'

interface Options {
  readonly reference?: string
  readonly reason?: string
  readonly json: boolean
  readonly folder: string
}

/** Adds the command. */
export function register(program: Command): void {
  program
    .command('refund <payment> [amount]')
    .description('refund a payment, in full or the given yuan of it')
    .option('--reference <name>', 'your name for the refund: a repeat with it moves money once')
    .option('--reason <text>', 'shown in the bill')
    .option('--json', 'print one JSON line', false)
    .option('--folder <folder>', 'the folder of the running server', '.saoma')
    .addHelpText(
      'after',
      `
Exit code: 0 refunded or under way, 1 refused.

Examples:
  $ saoma refund ORDER-1001                 all that is left
  $ saoma refund ORDER-1001 5.00 --reference ORDER-1001-R1 --reason 少发一件`,
    )
    .action(async (name: string, amount: string | undefined, options: Options) => {
      const { refundPayment } = await import('../refund-payment.ts')
      process.exitCode = await refundPayment(process.env, name, amount, options)
    })
}
