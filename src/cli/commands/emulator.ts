/**
 * `saoma emulator`: Alipay's side alone.
 *
 * @module
 */

import type { Command } from 'commander'
import { port, wholeNumber } from '../option-values.ts'
import { createStyle } from '../output.ts'

/** Adds the command. */
export function register(program: Command): void {
  program
    .command('emulator')
    .description("act Alipay's gateway and wallet, for an SDK of any language")
    .option('--port <port>', 'where it listens; 0 takes any free port', port, 6201)
    .option('--lan', 'let phones and others in the local network reach it')
    .option('--folder <folder>', 'where keys and trades are kept (default: .saoma/emulator-<port>)')
    .option('--memory', 'keep nothing, as with --port 0')
    .option('--seed <number>', 'make numbers and faults repeatable', wholeNumber)
    .option('--json', 'print one line of JSON: gateway, wallet, app_id, keys, certificates')
    .addHelpText(
      'after',
      `
It listens on 127.0.0.1 unless --lan, and ends on Ctrl+C or SIGTERM. Keys are made for the folder
and are worth nothing elsewhere; keys in --json are one line of base64, certificates are PEM.

Examples:
  $ saoma emulator
  $ saoma emulator --port 0 --json
  $ saoma emulator --lan --folder ./alipay`,
    )
    .action(run)
}

async function run(options: {
  readonly port: number
  readonly lan?: true
  readonly folder?: string
  readonly memory?: true
  readonly seed?: number
  readonly json?: true
}): Promise<void> {
  const { formatEmulator, runEmulator } = await import('../emulator.ts')
  const { port, seed } = options
  const lan = options.lan === true
  const keepsNothing = options.memory === true || (port === 0 && options.folder === undefined)
  const folder = keepsNothing ? undefined : (options.folder ?? `.saoma/emulator-${port}`)
  const settings = { port, lan, folder, seed }
  await runEmulator(settings, (description) => {
    process.stdout.write(
      options.json
        ? `${JSON.stringify(description)}\n`
        : formatEmulator(description, settings, createStyle(process.stdout, process.env)),
    )
  })
}
