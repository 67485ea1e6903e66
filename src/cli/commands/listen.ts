/**
 * `saoma listen`: events forwarded to a program on this machine.
 *
 * @module
 */

import type { Command } from 'commander'
import { listed } from '../option-values.ts'

interface Options {
  readonly forwardTo: string
  readonly types?: readonly string[]
  readonly after?: string
  readonly all?: true
  readonly json: boolean
  readonly folder: string
}

/** Adds the command. */
export function register(program: Command): void {
  program
    .command('listen')
    .description('forward the events of a running server to an address, as signed webhooks')
    .requiredOption('--forward-to <url>', 'where to, such as http://127.0.0.1:3000/webhooks')
    .option('--types <types>', 'only these kinds, separated by commas', listed)
    .option('--after <event>', 'begin after this event; by default where the last run ended')
    .option('--all', 'begin with the first event that there is')
    .option('--json', 'print a JSON line for each attempt', false)
    .option('--folder <folder>', 'the folder of the running server', '.saoma')
    .addHelpText(
      'after',
      `
Events come in order; one that is not taken (a status of 2xx) is tried again until it is. What was
forwarded last is remembered in the folder, so nothing is missed while this does not run.

Examples:
  $ saoma listen --forward-to http://127.0.0.1:3000/webhooks
  $ saoma listen --forward-to http://127.0.0.1:3000/webhooks --types payment.succeeded --all`,
    )
    .action(async ({ all, after, ...options }: Options) => {
      const { listen } = await import('../listen.ts')
      const { untilStopped } = await import('../until-stopped.ts')
      const { toFailure } = await import('../merchant-api.ts')
      const stopped = new AbortController()
      void untilStopped().then(() => stopped.abort())
      await listen(process.env, {
        ...options,
        types: options.types,
        after: all === true ? 'start' : after,
        signal: stopped.signal,
      }).catch((error: unknown) => {
        throw toFailure(error)
      })
    })
}
