/**
 * `saoma demo`: three orders from beginning to end, headless.
 *
 * @module
 */

import { Option, type Command } from 'commander'

/** Adds the command. */
export function register(program: Command): void {
  program
    .command('demo')
    .description('play three orders from beginning to end, against an emulator in this process')
    .addOption(
      new Option('--lang <language>', 'language; by default what LANG says').choices(['zh', 'en']),
    )
    .addHelpText(
      'after',
      `
Example:
  $ saoma demo --lang zh`,
    )
    .action(async ({ lang = process.env['LANG'] ?? '' }: { lang?: string }) => {
      const { demo } = await import('../demo.ts')
      await demo({
        language: lang.startsWith('zh') ? 'zh' : 'en',
        print: (line) => process.stdout.write(`${line}\n`),
      })
    })
}
