/**
 * `saoma completion`: the script by which a shell completes commands and options.
 *
 * @module
 */

import { Argument, type Command } from 'commander'
import { SHELLS, type Shell } from '../completion.ts'

/** Adds the command. */
export function register(program: Command): void {
  program
    .command('completion')
    .description('print the script by which a shell completes commands and options')
    .addArgument(new Argument('<shell>', 'whose script').choices(SHELLS))
    .addHelpText(
      'after',
      `
Examples:
  $ source <(saoma completion bash)
  $ saoma completion zsh > ~/.zfunc/_saoma
  $ saoma completion fish > ~/.config/fish/completions/saoma.fish`,
    )
    .action(async (shell: Shell) => {
      const { completionScript } = await import('../completion.ts')
      process.stdout.write(completionScript(program, shell))
    })
}
