/**
 * `saoma reconcile`: a day against Alipay's bill.
 *
 * @module
 */

import type { Command } from 'commander'
import { withObjectOptions } from '../object-options.ts'
import type { ObjectOptions } from '../objects.ts'

interface Options extends ObjectOptions {
  readonly type: string
}

/** Adds the command. */
export function register(program: Command): void {
  withObjectOptions(program.command('reconcile <date-or-file>'))
    .description('compare a day with Alipay’s bill, on a running server')
    .option('--type <type>', 'trade (payments and refunds) or signcustomer (balance)', 'trade')
    .addHelpText(
      'after',
      `
Examples:
  $ saoma reconcile 2026-11-23
  $ saoma reconcile ~/Downloads/20881020000000160156_20261123.csv.zip
Exit code 1: something is left that a person has to look at.`,
    )
    .action(async (day: string, { type, ...options }: Options) => {
      const { reconcile } = await import('../reconcile.ts')
      await reconcile(day, type, options)
    })
}
