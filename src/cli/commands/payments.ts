/**
 * `saoma payments …`: the payments of a running server.
 *
 * @module
 */

import type { Command } from 'commander'
import type { ListPayments } from '../../client/index.ts'
import { rows } from '../option-values.ts'
import { withObjectOptions } from '../object-options.ts'
import type { ObjectOptions } from '../objects.ts'

interface ListOptions extends ObjectOptions {
  readonly status?: NonNullable<ListPayments['status']>
  readonly reference?: string
  readonly search?: string
  readonly inReview?: true
  readonly limit: number
  readonly after?: string
}

/** Adds the commands. */
export function register(program: Command): void {
  const payments = program
    .command('payments')
    .description('list, look at and decide about payments of a running server')
    .addHelpText(
      'after',
      `
Examples:
  $ saoma payments list --status succeeded --limit 50
  $ saoma payments list --search 000123        the last digits of Alipay's number
  $ saoma payments timeline pay_…
  $ saoma payments resolve pay_… refund`,
    )

  withObjectOptions(payments.command('list'))
    .description('list payments, newest first')
    .option(
      '--status <status>',
      'created, pending, closing, succeeded, expired, canceled or failed',
    )
    .option('--reference <name>', 'of this sale alone')
    .option('--search <text>', 'an id or number of yours, ours or Alipay’s, or its last 6 digits')
    .option('--in-review', 'only those that a person has to look at')
    .option('--limit <count>', '1 to 100', rows, 20)
    .option('--after <id>', 'the last id of the page before')
    .action(async (options: ListOptions) => {
      const { ask, paymentTable } = await import('../objects.ts')
      const { status, reference, search: q, inReview: in_review, limit, after } = options
      const query = { status, reference, q, in_review, limit, starting_after: after }
      await ask(
        options,
        ({ payments: api }) => api.list(withoutUndefined(query)),
        ({ data, has_more }) => paymentTable(data) + (has_more ? more(data.at(-1)?.id) : ''),
      )
    })

  withObjectOptions(payments.command('get <id>'))
    .description('show a payment')
    .action(async (id: string, options: ObjectOptions) => {
      const { ask, fields } = await import('../objects.ts')
      await ask(options, ({ payments: api }) => api.get(id), fields)
    })

  withObjectOptions(payments.command('timeline <id>'))
    .description('show what was learned about a payment, and from where')
    .action(async (id: string, options: ObjectOptions) => {
      const { ask } = await import('../objects.ts')
      const { table } = await import('../table.ts')
      await ask(
        options,
        ({ payments: api }) => api.timeline(id),
        (lines) =>
          table(
            ['TIME', 'FROM', 'TO', 'LEARNED', 'BY', 'DETAIL'],
            lines.map(({ at, from, to, kind, source, summary }) => [
              at,
              from,
              to,
              kind,
              source,
              JSON.stringify(summary),
            ]),
          ),
      )
    })

  withObjectOptions(payments.command('sync <id>'))
    .description('ask Alipay now')
    .action(async (id: string, options: ObjectOptions) => {
      const { ask, fields } = await import('../objects.ts')
      await ask(options, ({ payments: api }) => api.sync(id), fields)
    })

  withObjectOptions(payments.command('cancel <id>'))
    .description('give a payment up')
    .action(async (id: string, options: ObjectOptions) => {
      const { ask, fields } = await import('../objects.ts')
      await ask(options, ({ payments: api }) => api.cancel(id), fields)
    })

  withObjectOptions(payments.command('resolve <id> <action>'))
    .description('decide about a payment in review: accept the money, or refund it')
    .action(async (id: string, action: string, options: ObjectOptions) => {
      const { ask, fields } = await import('../objects.ts')
      const { Failure } = await import('../failure.ts')
      if (action !== 'accept' && action !== 'refund') {
        throw new Failure('Say `accept` to keep the money, or `refund` to give it back.')
      }
      await ask(options, ({ payments: api }) => api.resolve(id, action), fields)
    })
}

/** How to see what did not fit. */
export function more(last: string | undefined): string {
  return `More: --after ${last ?? ''}\n`
}

/** What was given, and nothing else. */
export function withoutUndefined<Query extends object>(
  query: Query,
): { [Name in keyof Query]?: NonNullable<Query[Name]> } {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as { [Name in keyof Query]?: NonNullable<Query[Name]> }
}
