/**
 * `saoma alarms …`: who is told of what cannot wait.
 *
 * @module
 */

import type { Command } from 'commander'

interface Options {
  readonly json: boolean
  readonly folder: string
}

/** Adds the commands. */
export function register(program: Command): void {
  const alarms = program
    .command('alarms')
    .description('list the channels that alarms go to, and try them out')
    .addHelpText(
      'after',
      `
Channels are made over the API, POST /v1/alarm_channels: robots of DingTalk, WeCom and Feishu, mail,
and programs of yours.

Examples:
  $ saoma alarms list
  $ saoma alarms test          all of them
  $ saoma alarms test alc_…`,
    )

  withOptions(alarms.command('list'))
    .description('list channels, oldest first')
    .action(async (options: Options) => {
      const { listChannels } = await import('../alarms.ts')
      process.stdout.write(await listChannels(process.env, options))
    })

  withOptions(alarms.command('test [id]'))
    .description('send a message over one channel, or over all; exit code 1 if one did not take it')
    .action(async (id: string | undefined, options: Options) => {
      const { testChannels } = await import('../alarms.ts')
      const { text, allTold } = await testChannels(process.env, id, options)
      process.stdout.write(text)
      if (!allTold) process.exitCode = 1
    })
}

function withOptions(command: Command): Command {
  return command
    .option('--json', 'print JSON', false)
    .option('--folder <folder>', 'the folder of the running server', '.saoma')
}
