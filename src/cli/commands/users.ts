/**
 * `saoma users …`: who may sign in to the back office.
 *
 * @module
 */

import { Option, type Command } from 'commander'
import { withObjectOptions } from '../object-options.ts'
import type { ObjectOptions } from '../objects.ts'
import type { InvitedUser, UserBook } from '../users.ts'

const ROLES = ['owner', 'admin', 'finance', 'cashier', 'support', 'developer'] as const

/** Adds the commands. */
export function register(program: Command): void {
  const users = program
    .command('users')
    .description('say who may sign in to the back office')
    .addHelpText(
      'after',
      `
They go through the server that runs on the folder; where none runs, into its database.

Examples:
  $ saoma users create boss@shop.example --name 老板 --role owner
  $ saoma users list
  $ saoma users reset boss@shop.example      who has lost his password or his authenticator`,
    )

  withObjectOptions(users.command('list'))
    .description('list them')
    .action((options: ObjectOptions) =>
      withBook(options, async (book) => {
        const { table } = await import('../table.ts')
        const all = await book.list()
        return print(options, all, () =>
          table(
            ['EMAIL', 'NAME', 'ROLE', 'STATUS', 'TOTP', 'LAST SIGN-IN', 'ID'],
            all.map((user) => [
              user.email,
              user.name,
              user.role,
              user.status,
              user.totp_enabled ? 'yes' : 'no',
              user.last_sign_in_at,
              user.id,
            ]),
          ),
        )
      }),
    )

  withObjectOptions(users.command('create <email>'))
    .description('let somebody in, who chooses his password by the link that is printed')
    .addOption(new Option('--role <role>', 'what he may do').choices(ROLES).makeOptionMandatory())
    .option('--name <name>', 'what he is called (default: his address)')
    .action(
      (
        email: string,
        options: ObjectOptions & { readonly role: (typeof ROLES)[number]; readonly name?: string },
      ) =>
        withBook(options, async (book) => {
          const { role, name = email } = options
          return printLink(options, await book.create({ email, name, role }))
        }),
    )

  withObjectOptions(users.command('reset <email>'))
    .description('take away password, authenticator and sessions, and print a link to begin anew')
    .action((email: string, options: ObjectOptions) =>
      withBook(options, async (book) => {
        const { findUser } = await import('../users.ts')
        return printLink(options, await book.reset((await findUser(book, email)).id))
      }),
    )

  withObjectOptions(users.command('disable <email>'))
    .description('put somebody out at once')
    .action((email: string, options: ObjectOptions) =>
      withBook(options, async (book) => {
        const { findUser } = await import('../users.ts')
        const user = await book.disable((await findUser(book, email)).id)
        return print(options, user, () => `${user.email} may not sign in any more.\n`)
      }),
    )
}

async function withBook(
  { folder }: ObjectOptions,
  use: (book: UserBook) => Promise<void>,
): Promise<void> {
  const { openUserBook } = await import('../users.ts')
  const book = await openUserBook(process.env, folder)
  try {
    await use(book)
  } finally {
    await book.close()
  }
}

function printLink(options: ObjectOptions, user: InvitedUser): void {
  print(
    options,
    user,
    () =>
      `${user.email} (${user.role}) chooses a password here, once, within 3 days:\n\n  ${user.invitation}\n\nWhoever has this link is ${user.name}: hand it over in person, or by a way that you trust.\n`,
  )
}

function print({ json }: ObjectOptions, answer: object, show: () => string): void {
  process.stdout.write(json ? `${JSON.stringify(answer)}\n` : show())
}
