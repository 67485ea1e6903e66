/**
 * `saoma day-end`: what a day adds up to.
 *
 * @module
 */

import type { Command } from 'commander'
import { withObjectOptions } from '../object-options.ts'
import type { ObjectOptions } from '../objects.ts'

/** Adds the command. */
export function register(program: Command): void {
  withObjectOptions(program.command('day-end <date>'))
    .description('what a day adds up to, by store, cashier and till, and whether the bill agrees')
    .addHelpText(
      'after',
      `
Example:
  $ saoma day-end 2026-11-23`,
    )
    .action(async (date: string, options: ObjectOptions) => {
      const { dayEnd } = await import('../reconcile.ts')
      await dayEnd(date, options)
    })
}
