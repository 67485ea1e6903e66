/**
 * `saoma trigger`: makes something happen in `saoma dev`.
 *
 * @module
 */

import type { Command } from 'commander'
import { withObjectOptions } from '../object-options.ts'
import type { ObjectOptions } from '../objects.ts'

interface Options extends ObjectOptions {
  readonly amount: string
  readonly emulator: string
}

/** Adds the command. */
export function register(program: Command): void {
  withObjectOptions(program.command('trigger <event>'))
    .description('have a buyer of the emulator do something, so that real events follow')
    .option('--amount <yuan>', 'of the payment', '88.88')
    .option('--emulator <url>', 'where the emulator of saoma dev is', 'http://127.0.0.1:6201')
    .addHelpText(
      'after',
      `
Events: payment.created, payment.scanned, payment.succeeded, payment.canceled, refund.succeeded

Examples:
  $ saoma trigger payment.succeeded
  $ saoma trigger refund.succeeded --amount 0.02`,
    )
    .action(async (name: string, { amount, ...options }: Options) => {
      const { trigger } = await import('../trigger.ts')
      const { readAmount } = await import('../payment-text.ts')
      await trigger(process.env, { ...options, trigger: name, amount: readAmount(amount) })
    })
}
