#!/usr/bin/env node
/**
 * The program `saoma`: its commands, and what becomes of their failures. Each command loads what it
 * needs only when it runs, so that `saoma --help` is quick.
 *
 * @module
 */

import { Command, CommanderError } from 'commander'
import * as backup from './commands/backup.ts'
import * as cancel from './commands/cancel.ts'
import * as demo from './commands/demo.ts'
import * as dev from './commands/dev.ts'
import * as doctor from './commands/doctor.ts'
import * as emulator from './commands/emulator.ts'
import * as events from './commands/events.ts'
import * as init from './commands/init.ts'
import * as keys from './commands/keys.ts'
import * as listen from './commands/listen.ts'
import * as logs from './commands/logs.ts'
import * as pay from './commands/pay.ts'
import * as payments from './commands/payments.ts'
import * as query from './commands/query.ts'
import * as refund from './commands/refund.ts'
import * as refunds from './commands/refunds.ts'
import * as serve from './commands/serve.ts'
import * as trigger from './commands/trigger.ts'
import * as verify from './commands/verify.ts'
import { Failure } from './failure.ts'
import { createStyle } from './output.ts'
import { readVersion } from './version.ts'

/** In the order of `--help`. */
const COMMANDS = [
  dev,
  init,
  serve,
  demo,
  emulator,
  pay,
  query,
  cancel,
  refund,
  payments,
  refunds,
  events,
  listen,
  trigger,
  logs,
  doctor,
  verify,
  keys,
  backup,
]

const program = new Command('saoma')
  .description('Alipay QR payments (当面付 扫码支付) that never drop an order.')
  .version(readVersion(), '-V, --version')
  .exitOverride()
  .showHelpAfterError('(--help tells more)')
  .addHelpText(
    'after',
    `
Try it, without an account:   $ saoma dev
Each command has examples:    $ saoma verify --help
Where a failure comes from:   $ SAOMA_DEBUG=1 saoma …`,
  )
for (const { register } of COMMANDS) register(program)

// `saoma verify | head` closes the pipe early, which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  throw error
})

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

/** Tells people what to do about a failure, without a stack; answers the exit code. */
function report(error: unknown): number {
  // Commander has printed its own message, and ends `--help` and `--version` in this way too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const style = createStyle(process.stderr, process.env)
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`${style.red('saoma:')} ${message}\n`)
  if (process.env['SAOMA_DEBUG']) process.stderr.write(`${stackOf(error)}\n`)
  return error instanceof Failure ? error.exitCode : 1
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  const cause = error.cause === undefined ? '' : `\nCaused by: ${stackOf(error.cause)}`
  return `${error.stack ?? ''}${cause}`
}
