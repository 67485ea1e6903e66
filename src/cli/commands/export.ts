/**
 * `saoma export`: what a server knows, as JSON Lines.
 *
 * @module
 */

import type { Command } from 'commander'
import { withObjectOptions } from '../object-options.ts'
import type { ObjectOptions } from '../objects.ts'
import { listed } from '../option-values.ts'

interface Options extends ObjectOptions {
  readonly kinds: readonly string[]
  readonly from: string
  readonly to?: string
  readonly output?: string
}

/** Adds the command. */
export function register(program: Command): void {
  const command = withObjectOptions(program.command('export'))
    .description('write what a running server knows as JSON Lines, or check such a file')
    .option(
      '--kinds <kinds>',
      'payments, refunds, events, reconciliations and audit_entries, separated by commas',
      listed,
      ['payments', 'refunds', 'events', 'reconciliations', 'audit_entries'],
    )
    .option('--from <time>', 'created then or later, RFC 3339', '2000-01-01T00:00:00+08:00')
    .option('--to <time>', 'created before then; by default now')
    .option('--output <file>', 'a new file; by default the terminal')
    .addHelpText(
      'after',
      `
An object a line. After those of a kind comes one line {"object":"export_end"} with their count and
SHA-256: without it, or with another sum, the file is not whole. With --output, --json prints what
was written.

Examples:
  $ saoma export --from 2026-01-01T00:00:00+08:00 --output 2026.jsonl
  $ saoma export --kinds refunds | jq .amount
  $ saoma export check 2026.jsonl
Exit code 1: it is not whole.`,
    )
    .action(async (options: Options) => {
      const { writeExport } = await import('../export.ts')
      await writeExport(options)
    })
  command
    .command('check <file>')
    .description('say whether an exported file is whole; asks no server')
    .option('--json', 'print one JSON line', false)
    .action(async (file: string, { json }: { readonly json: boolean }) => {
      const { checkExport } = await import('../export.ts')
      await checkExport(file, json || command.opts<Options>().json)
    })
}
