/**
 * `saoma refunds …`: the refunds of a running server.
 *
 * @module
 */

import type { Command } from 'commander'
import type { ListRefunds } from '../../client/index.ts'
import { withObjectOptions } from '../object-options.ts'
import type { ObjectOptions } from '../objects.ts'
import { rows } from '../option-values.ts'
import { more, withoutUndefined } from './payments.ts'

interface ListOptions extends ObjectOptions {
  readonly status?: NonNullable<ListRefunds['status']>
  readonly payment?: string
  readonly limit: number
  readonly after?: string
}

/** Adds the commands. */
export function register(program: Command): void {
  const refunds = program
    .command('refunds')
    .description('list, look at and decide about refunds of a running server')
    .addHelpText(
      'after',
      `
Examples:
  $ saoma refunds list --status requires_action
  $ saoma refunds retry re_…                   after topping up the balance
  $ saoma refunds hold                         after a restored backup: how far it is`,
    )

  withObjectOptions(refunds.command('list'))
    .description('list refunds, newest first')
    .option(
      '--status <status>',
      'pending, processing, requires_action, succeeded, failed or canceled',
    )
    .option('--payment <id>', 'of this payment alone')
    .option('--limit <count>', '1 to 100', rows, 20)
    .option('--after <id>', 'the last id of the page before')
    .action(async (options: ListOptions) => {
      const { ask, refundTable } = await import('../objects.ts')
      const { status, payment, limit, after: starting_after } = options
      await ask(
        options,
        ({ refunds: api }) =>
          api.list(withoutUndefined({ status, payment, limit, starting_after })),
        ({ data, has_more }) => refundTable(data) + (has_more ? more(data.at(-1)?.id) : ''),
      )
    })

  withObjectOptions(refunds.command('hold'))
    .description('show whether refunds are held after a restored backup, or hold them')
    .option('--since <time>', 'hold them: RFC 3339, the last thing that the books know')
    .addHelpText(
      'after',
      `
Refunds of what was sold before are sent again once Alipay's bills cover the gap. \`saoma restore\`
holds them by itself; --since is for a database that was put back in another way.`,
    )
    .action(async ({ since, ...options }: ObjectOptions & { readonly since?: string }) => {
      const { printHold, readHold } = await import('../refund-hold.ts')
      printHold(await readHold(options, since), options)
    })

  withObjectOptions(refunds.command('release'))
    .description('send held refunds before the bills have covered the gap')
    .requiredOption('--reason <text>', 'why it is safe; kept in the audit log')
    .action(async ({ reason, ...options }: ObjectOptions & { readonly reason: string }) => {
      const { printHold, releaseHold } = await import('../refund-hold.ts')
      printHold(await releaseHold(options, reason), options)
    })

  for (const [name, description] of [
    ['get', 'show a refund'],
    ['retry', 'try a refund now that waits for you'],
    ['cancel', 'give a refund up'],
  ] as const) {
    withObjectOptions(refunds.command(`${name} <id>`))
      .description(description)
      .action(async (id: string, options: ObjectOptions) => {
        const { ask, fields } = await import('../objects.ts')
        await ask(options, ({ refunds: api }) => api[name](id), fields)
      })
  }
}
