/**
 * `saoma doctor`: whether a server can take payments, and what keeps it from it.
 *
 * @module
 */

import type { Command } from 'commander'

/** Adds the command. */
export function register(program: Command): void {
  program
    .command('doctor')
    .description(
      'check keys, clock, gateway, notify address and database, and say how to mend them',
    )
    .option('--json', 'print one JSON line', false)
    .addHelpText(
      'after',
      `
It reads the same environment as \`saoma serve\`, asks Alipay one question that moves nothing, and
changes nothing.

Exit code: 0 nothing is wrong (warnings are possible), 1 something is.

Example:
  $ saoma doctor`,
    )
    .action(async ({ json }: { json: boolean }) => {
      const { examine, formatFindings } = await import('../doctor.ts')
      const { createStyle } = await import('../output.ts')
      const findings = await examine(process.env)
      const style = createStyle(process.stdout, process.env)
      process.stdout.write(
        json ? `${JSON.stringify({ findings })}\n` : formatFindings(findings, style),
      )
      process.exitCode = Number(findings.some(({ status }) => status === 'wrong'))
    })
}
