/**
 * `saoma apps …`: the applications of a running server.
 *
 * @module
 */

import type { Command } from 'commander'
import type { AddOptions, ApiApp, AppKeys, KeyOptions } from '../apps.ts'
import { withObjectOptions } from '../object-options.ts'
import type { ObjectOptions } from '../objects.ts'

/** Adds the commands. */
export function register(program: Command): void {
  const apps = program
    .command('apps')
    .description('list, add, change and retire the Alipay applications of a running server')
    .addHelpText(
      'after',
      `
An application is named by its id (app_…) or its APPID. Other commands mean the server's own one
unless the environment names another: SAOMA_APP=app_… saoma payments list
With SAOMA_URL, SAOMA_API_KEY must be a key with the scope "operator".

Examples:
  $ saoma apps list
  $ saoma apps add 2021000000000000 --name 清晨咖啡
  $ saoma apps keys 2021000000000000 --alipay-public-key alipay-public-key.txt
  $ saoma apps retire 2021000000000000`,
    )

  withObjectOptions(apps.command('list'))
    .description('list them')
    .action(async (options: ObjectOptions) => {
      const { findApps } = await import('../apps.ts')
      const { table } = await import('../table.ts')
      const data = await findApps(process.env, options.folder).list()
      const rows = data.map((app) => [
        app.id,
        app.app_id,
        app.name,
        app.product_code,
        app.ready ? app.status : `${app.status}, no keys yet`,
        app.source,
      ])
      print(options, data, table(['ID', 'APPID', 'NAME', 'PRODUCT', 'STATUS', 'SOURCE'], rows))
    })

  withKeyOptions(withObjectOptions(apps.command('add <appid>')))
    .description('add one; it takes payments once Alipay has taken its keys')
    .option('--name <name>', 'the shop’s name on the cashier page')
    .option('--product <code>', 'FACE_TO_FACE_PAYMENT or QR_CODE_OFFLINE, as the contract says')
    .option('--seller-id <pid>', 'the receiving account (2088…); default: that of the contract')
    .action(async (appId: string, options: AddOptions & ObjectOptions) => {
      const { findApps } = await import('../apps.ts')
      const added = await findApps(process.env, options.folder).add(appId, options)
      print(options, added, describeKeys(added))
    })

  withKeyOptions(withObjectOptions(apps.command('keys <app>')))
    .description('give one its keys, or other ones; those before still verify')
    .action(async (app: string, options: KeyOptions & ObjectOptions) => {
      const { findApps } = await import('../apps.ts')
      const taken = await findApps(process.env, options.folder).keys(app, options)
      print(options, taken, describeKeys(taken))
    })

  withObjectOptions(apps.command('update <app>'))
    .description('change its name or its product')
    .option('--name <name>', 'the shop’s name on the cashier page')
    .option('--product <code>', 'of payments from now on')
    .action(async (app: string, options: ObjectOptions & { name?: string; product?: string }) => {
      const { findApps } = await import('../apps.ts')
      await show(options, findApps(process.env, options.folder).update(app, options))
    })

  for (const [step, description] of [
    ['retire', 'let it take no new payments; what it has taken goes on'],
    ['restore', 'let a retired one take payments again'],
  ] as const) {
    withObjectOptions(apps.command(`${step} <app>`))
      .description(description)
      .action(async (app: string, options: ObjectOptions) => {
        const { findApps } = await import('../apps.ts')
        await show(options, findApps(process.env, options.folder).step(app, step))
      })
  }

  withObjectOptions(apps.command('remove <app>'))
    .description('remove a retired one of which nothing is open; its data stay in the database')
    .action(async (app: string, options: ObjectOptions) => {
      const { findApps } = await import('../apps.ts')
      const removed = await findApps(process.env, options.folder).remove(app)
      print(options, removed, `${removed.id} is served no more.\n`)
    })
}

function withKeyOptions(command: Command): Command {
  return command
    .option('--app-private-key <file|text>', 'application private key; default: a pair is made')
    .option('--alipay-public-key <file|text>', 'what Alipay shows for the uploaded key')
    .option('--encrypt-key <file|text>', 'AES key (接口内容加密密钥); default: as configured')
}

async function show(options: ObjectOptions, answer: Promise<ApiApp>): Promise<void> {
  const { fields } = await import('../objects.ts')
  const app = await answer
  print(options, app, fields(app))
}

function print({ json }: ObjectOptions, answer: object, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(answer)}\n` : text)
}

function describeKeys({ status, app, application_public_key, api_key }: AppKeys): string {
  const { id, app_id: appId } = app
  if (api_key !== null) {
    return `${id} takes payments. Its API key, told this once:\n${api_key}\n`
  }
  if (status === 'active') return `${id} uses these keys.\n`
  return `${id} does not use these keys yet. Upload this public key (应用公钥) to Alipay:

${application_public_key}

then give back what Alipay shows for it:
  $ saoma apps keys ${appId ?? id} --alipay-public-key <file|text>
`
}
