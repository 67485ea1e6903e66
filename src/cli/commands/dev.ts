/**
 * `saoma dev`: emulator, wallet, demo shop and server in one command.
 *
 * @module
 */

import type { Command } from 'commander'
import { port } from '../option-values.ts'

/** Adds the command. */
export function register(program: Command): void {
  program
    .command('dev')
    .description('run emulator, wallet, demo shop and server on this machine')
    .option('--port <port>', 'port of the server', port, 6200)
    .option('--emulator-port <port>', 'port of emulator, wallet and shop', port, 6201)
    .option('--lan', 'let phones in the local network reach it')
    .option('--folder <folder>', 'where everything is kept', '.saoma')
    .addHelpText(
      'after',
      `
Examples:
  $ saoma dev
  $ saoma dev --lan            scan the code with a phone's camera and pay in its browser
  $ saoma dev --port 7000 --emulator-port 7001 --folder /tmp/try`,
    )
    .action(
      async (options: { port: number; emulatorPort: number; lan?: boolean; folder: string }) => {
        const { dev } = await import('../dev.ts')
        await dev({ ...options, lan: options.lan === true })
      },
    )
}
