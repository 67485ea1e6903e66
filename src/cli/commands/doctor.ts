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
    .option('--env-file <file>', 'read settings from this file too; the environment goes first')
    .option('--json', 'print one JSON line', false)
    .addHelpText(
      'after',
      `
It reads the same settings as \`saoma serve\`, asks Alipay one question that moves nothing, and
changes nothing. ✓ is right, ! works and should be mended, ✗ keeps a server from taking payments.

Exit code: 0 nothing is wrong (warnings are possible), 1 something is.

Example:
  $ saoma doctor`,
    )
    .action(async ({ json, envFile }: { json: boolean; envFile?: string }) => {
      const { examine, formatFindings } = await import('../doctor.ts')
      const { createStyle } = await import('../output.ts')
      const { readEnvironment } = await import('../environment-file.ts')
      const folder = process.env['SAOMA_FOLDER'] || '.saoma'
      const findings = await examine(readEnvironment(folder, process.env, envFile))
      const style = createStyle(process.stdout, process.env)
      process.stdout.write(
        json ? `${JSON.stringify({ findings })}\n` : formatFindings(findings, style),
      )
      process.exitCode = Number(findings.some(({ status }) => status === 'wrong'))
    })
}
