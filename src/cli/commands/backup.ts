/**
 * `saoma backup`: a copy of a folder's database.
 *
 * @module
 */

import type { Command } from 'commander'

/** Adds the command. */
export function register(program: Command): void {
  program
    .command('backup <file>')
    .description('copy the SQLite database as it is at one moment, while payments go on')
    .option('--json', 'print one JSON line', false)
    .option('--folder <folder>', 'the folder of the server', '.saoma')
    .addHelpText(
      'after',
      `
The copy is whole, on the disk, and readable by its owner alone; nothing is overwritten.
\`saoma restore\` puts it back. With PostgreSQL, use pg_dump or a physical backup.

Example:
  $ saoma backup /backups/saoma-$(date +%F).db`,
    )
    .action(async (file: string, options: { json: boolean; folder: string }) => {
      const { backup } = await import('../backup.ts')
      const copied = await backup(options.folder, file)
      process.stdout.write(
        options.json ? `${JSON.stringify(copied)}\n` : `${copied.file}: ${copied.bytes} bytes.\n`,
      )
    })
}
