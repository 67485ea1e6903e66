/**
 * `saoma pay`: a payment taken in the terminal.
 *
 * @module
 */

import type { Command } from 'commander'
import { buyerSeconds } from '../option-values.ts'

interface Options {
  readonly reference?: string
  readonly expiresIn?: number
  readonly authCode?: string
  readonly wait: boolean
  readonly json: boolean
  readonly folder: string
}

/** Adds the command. */
export function register(program: Command): void {
  program
    .command('pay <amount> <subject>')
    .description(
      'make a payment, show its QR code here (or take the buyer’s) and wait until it is paid or over',
    )
    .option('--reference <name>', 'your name for the sale; one reference is paid once')
    .option('--expires-in <seconds>', 'time that the buyer is given, 60 to 6600', buyerSeconds)
    .option(
      '--auth-code <digits>',
      'the payment code that the buyer shows (付款码); no QR code then',
    )
    .option('--no-wait', 'make the payment and return')
    .option('--json', 'print the payment as one JSON line at the end', false)
    .option('--folder <folder>', 'the folder of the running server', '.saoma')
    .addHelpText(
      'after',
      `
Exit code: 0 paid, 1 not paid, 2 asked for in the wrong way.

Examples:
  $ saoma pay 18.00 美式咖啡
  $ saoma pay 0.01 测试 --reference ORDER-1001 --expires-in 60 --json
  $ saoma pay 18.00 美式咖啡 --auth-code 286512345678901234`,
    )
    .action(async (amount: string, subject: string, options: Options) => {
      const { takePayment } = await import('../take-payment.ts')
      process.exitCode = await takePayment(process.env, {
        amount,
        subject,
        reference: options.reference,
        expiresIn: options.expiresIn,
        authCode: options.authCode,
        wait: options.wait,
        json: options.json,
        folder: options.folder,
      })
    })
}
