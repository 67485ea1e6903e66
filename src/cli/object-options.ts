/**
 * The options of every command that asks a running server.
 *
 * @module
 */

import type { Command } from 'commander'

/** Adds them. */
export function withObjectOptions(command: Command): Command {
  return command
    .option('--json', 'print one JSON line', false)
    .option('--folder <folder>', 'the folder of the running server', '.saoma')
}
