/**
 * `saoma migrate`: from SQLite to PostgreSQL.
 *
 * @module
 */

import type { Command } from 'commander'

/** Adds the command. */
export function register(program: Command): void {
  program
    .command('migrate')
    .description('move everything from the SQLite database of a folder to PostgreSQL')
    .requiredOption('--to <url>', 'postgres://user:password@host:port/database')
    .option('--json', 'print one JSON line; progress goes to stderr', false)
    .option('--folder <folder>', 'the folder of the server', '.saoma')
    .addHelpText(
      'after',
      `
Stop the server first: Alipay repeats its notifications, and open payments go on afterwards.
Every row is compared on both sides before PostgreSQL is served. Interrupted at any moment, also by
kill -9, the same command goes on where it was; until it has come to its end the server can be
started on SQLite again, and then it begins anew. The SQLite file stays, and is not served any more.

Exit code: 0 moved and equal, 1 not moved: the message says what to do.

Example:
  $ saoma migrate --to postgres://saoma@db.internal/saoma`,
    )
    .action(async (options: { to: string; json: boolean; folder: string }) => {
      const { formatMoved, migrate } = await import('../migrate.ts')
      const moved = await migrate(options.folder, options.to, process.env)
      process.stdout.write(
        options.json ? `${JSON.stringify(moved)}\n` : formatMoved(moved, options.folder),
      )
    })
}
