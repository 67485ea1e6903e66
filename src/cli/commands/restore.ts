/**
 * `saoma restore`: a backup becomes a folder's database.
 *
 * @module
 */

import type { Command } from 'commander'

/** Adds the command. */
export function register(program: Command): void {
  program
    .command('restore [file]')
    .description('check a backup and make it the database of a folder that has none')
    .option('--json', 'print one JSON line', false)
    .option('--folder <folder>', 'the folder of the server', '.saoma')
    .addHelpText(
      'after',
      `
Nothing is overwritten: move the broken saoma.db away first, with its -wal and -shm beside it.
The backup stays as it is. Refunds are then held until Alipay's bills tell what went back since the
backup, or an owner lifts it: \`saoma refunds hold\`.

With PostgreSQL, use pg_restore or a physical backup; then, before any server is started on it, run
\`saoma restore\` without a file and with SAOMA_DATABASE_URL, which notes that it was restored.

Examples:
  $ saoma restore /backups/saoma-2026-11-25.db
  $ SAOMA_DATABASE_URL=postgres://… saoma restore`,
    )
    .action(async (file: string | undefined, options: { json: boolean; folder: string }) => {
      const { formatNoted, formatRestored, noteRestored, restore } = await import('../restore.ts')
      const print = <Result>(result: Result, format: (result: Result) => string): void => {
        process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : format(result))
      }
      if (file === undefined) print(await noteRestored(process.env), formatNoted)
      else print(await restore(options.folder, file), formatRestored)
    })
}
