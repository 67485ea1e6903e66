/**
 * `saoma logs …`: what a program asks a running server.
 *
 * @module
 */

import type { Command } from 'commander'
import { withObjectOptions } from '../object-options.ts'
import type { ObjectOptions } from '../objects.ts'

/** Adds the commands. */
export function register(program: Command): void {
  const logs = program.command('logs').description('follow the requests that a server answers')
  withObjectOptions(logs.command('tail'))
    .description('print each request to the API as it is answered')
    .addHelpText(
      'after',
      `
Neither bodies nor queries are shown.

Examples:
  $ saoma logs tail
  $ saoma logs tail --json | jq 'select(.status >= 400)'`,
    )
    .action(async ({ json, folder }: ObjectOptions) => {
      const { tailLogs } = await import('../logs.ts')
      const { untilStopped } = await import('../until-stopped.ts')
      const stopped = new AbortController()
      void untilStopped().then(() => stopped.abort())
      await tailLogs(process.env, { json, folder, signal: stopped.signal })
    })
}
