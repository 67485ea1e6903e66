/**
 * `saoma events …`: what happened on a running server.
 *
 * @module
 */

import type { Command } from 'commander'
import { withObjectOptions } from '../object-options.ts'
import type { ObjectOptions } from '../objects.ts'
import { listed, rows } from '../option-values.ts'
import { more, withoutUndefined } from './payments.ts'

interface ListOptions extends ObjectOptions {
  readonly types?: readonly string[]
  readonly payment?: string
  readonly undelivered?: true
  readonly limit: number
  readonly after?: string
}

/** Adds the commands. */
export function register(program: Command): void {
  const events = program
    .command('events')
    .description('list events of a running server, and send them again')
    .addHelpText(
      'after',
      `
Examples:
  $ saoma events list --types payment.succeeded,refund.succeeded
  $ saoma events list --undelivered
  $ saoma events resend evt_…`,
    )

  withObjectOptions(events.command('list'))
    .description('list events, newest first')
    .option('--types <types>', 'of these kinds, separated by commas', listed)
    .option('--payment <id>', 'about this payment and its refunds')
    .option('--undelivered', 'only those that an endpoint has not taken')
    .option('--limit <count>', '1 to 100', rows, 20)
    .option('--after <id>', 'the last id of the page before')
    .action(async (options: ListOptions) => {
      const { ask, eventTable } = await import('../objects.ts')
      const { types, payment, undelivered, limit, after: starting_after } = options
      const delivered = undelivered === true ? false : undefined
      const query = { types, payment, delivered, limit, starting_after }
      await ask(
        options,
        ({ events: api }) => api.list(withoutUndefined(query)),
        ({ data, has_more }) => eventTable(data) + (has_more ? more(data.at(-1)?.id) : ''),
      )
    })

  withObjectOptions(events.command('get <id>'))
    .description('show an event')
    .action(async (id: string, options: ObjectOptions) => {
      const { ask, fields } = await import('../objects.ts')
      await ask(options, ({ events: api }) => api.get(id), fields)
    })

  withObjectOptions(events.command('resend <id>'))
    .description('send an event again to every endpoint that wants it')
    .action(async (id: string, options: ObjectOptions) => {
      const { ask } = await import('../objects.ts')
      await ask(
        options,
        async ({ events: api }) => ({ due: await api.resend(id) }),
        ({ due }) => `${due} deliveries are due.\n`,
      )
    })
}
