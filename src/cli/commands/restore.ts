/**
 * `saoma restore`: a backup becomes a folder's database.
 *
 * @module
 */

import type { Command } from 'commander'

/** Adds the command. */
export function register(program: Command): void {
  program
    .command('restore <file>')
    .description('check a backup and make it the database of a folder that has none')
    .option('--json', 'print one JSON line', false)
    .option('--folder <folder>', 'the folder of the server', '.saoma')
    .addHelpText(
      'after',
      `
Nothing is overwritten: move the broken saoma.db away first, with its -wal and -shm beside it.
The backup stays as it is. With PostgreSQL, use pg_restore or a physical backup.

Example:
  $ saoma restore /backups/saoma-2026-11-25.db`,
    )
    .action(async (file: string, options: { json: boolean; folder: string }) => {
      const { formatRestored, restore } = await import('../restore.ts')
      const restored = await restore(options.folder, file)
      process.stdout.write(
        options.json ? `${JSON.stringify(restored)}\n` : formatRestored(restored),
      )
    })
}
