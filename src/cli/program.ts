/**
 * The commands of `saoma`, put together. Each command loads what it needs only when it runs, so
 * that `saoma --help` is quick.
 *
 * @module
 */

import { Command } from 'commander'
import * as alarms from './commands/alarms.ts'
import * as apps from './commands/apps.ts'
import * as backup from './commands/backup.ts'
import * as cancel from './commands/cancel.ts'
import * as completion from './commands/completion.ts'
import * as dayEnd from './commands/day-end.ts'
import * as demo from './commands/demo.ts'
import * as dev from './commands/dev.ts'
import * as doctor from './commands/doctor.ts'
import * as emulator from './commands/emulator.ts'
import * as events from './commands/events.ts'
import * as exported from './commands/export.ts'
import * as init from './commands/init.ts'
import * as keys from './commands/keys.ts'
import * as listen from './commands/listen.ts'
import * as logs from './commands/logs.ts'
import * as migrate from './commands/migrate.ts'
import * as pay from './commands/pay.ts'
import * as payments from './commands/payments.ts'
import * as prune from './commands/prune.ts'
import * as query from './commands/query.ts'
import * as reconcile from './commands/reconcile.ts'
import * as refund from './commands/refund.ts'
import * as refunds from './commands/refunds.ts'
import * as restore from './commands/restore.ts'
import * as serve from './commands/serve.ts'
import * as trigger from './commands/trigger.ts'
import * as users from './commands/users.ts'
import * as verify from './commands/verify.ts'
import { readVersion } from './version.ts'

/** Puts them together. What they print, and how they end, is the caller's to choose. */
export function createProgram(): Command {
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
  return program
}

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
  reconcile,
  dayEnd,
  listen,
  trigger,
  alarms,
  logs,
  users,
  apps,
  doctor,
  verify,
  keys,
  backup,
  restore,
  migrate,
  prune,
  exported,
  completion,
]
