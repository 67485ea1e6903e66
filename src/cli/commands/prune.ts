/**
 * `saoma prune`: removes now what a server would remove at night.
 *
 * @module
 */

import type { Command } from 'commander'
import { withObjectOptions } from '../object-options.ts'
import type { ObjectOptions } from '../objects.ts'

/** Adds the command. */
export function register(program: Command): void {
  withObjectOptions(program.command('prune'))
    .description('remove what is older than SAOMA_RETENTION says, on a running server')
    .option('--dry-run', 'only count it', false)
    .addHelpText(
      'after',
      `
A server does this by itself each night. Sales, refunds, their timelines and the books are never
removed, nor anything that is open or waits for a person.

Example:
  $ saoma prune --dry-run`,
    )
    .action(async ({ dryRun, ...options }: ObjectOptions & { readonly dryRun: boolean }) => {
      const { prune } = await import('../prune.ts')
      await prune(dryRun, options)
    })
}
