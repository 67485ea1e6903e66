/**
 * `saoma completion`, in the shells themselves.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { completionScript, SHELLS, type Shell } from '../../src/cli/completion.ts'
import { createProgram } from '../../src/cli/program.ts'
import { temporaryFolder } from '../saoma-program.ts'
import { runSaoma } from './run-saoma.ts'

const has = (shell: Shell) => spawnSync(shell, ['--version']).status === 0

/** What a shell offers for the last word of a line. */
function offered(shell: Shell, line: string, cwd = temporaryFolder()): string[] {
  const file = join(temporaryFolder(), 'saoma')
  writeFileSync(file, completionScript(createProgram(), shell))
  const words = line.split(' ')
  const script = {
    bash: `source ${file}; complete -p saoma >/dev/null || exit 9
      compopt() { :; }
      COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
      _saoma; printf '%s\\n' "\${COMPREPLY[@]}"`,
    // What zsh's own functions are given, for they answer at a prompt alone.
    zsh: `compdef() { :; }; _files() { print -l *; }; _message() { :; }
      compadd() { shift; print -l -- "$@"; }
      _describe() { print -l -- \${\${(P)2}%%:*}; }
      source ${file}
      words=(${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length}; _saoma`,
    fish: `source ${file}; complete -C '${line}' | string split -f1 \\t; true`,
  }[shell]
  const flags = shell === 'zsh' ? '-fc' : '-c'
  const { status, stdout, stderr } = spawnSync(shell, [flags, script], { encoding: 'utf8', cwd })
  expect([status, stderr]).toEqual([0, ''])
  const typed = words.at(-1) ?? ''
  return stdout
    .trim()
    .split('\n')
    .filter((word) => word.startsWith(typed))
}

describe.each(SHELLS)('%s', (shell) => {
  const offers = (line: string, cwd?: string) => offered(shell, line, cwd)

  test.skipIf(!has(shell))('offers commands, then those within, then options', () => {
    expect(offers('saoma ')).toEqual(expect.arrayContaining(['init', 'doctor', 'payments']))
    expect(offers('saoma pay').toSorted()).toEqual(['pay', 'payments'])
    expect(offers('saoma payments ')).toEqual(expect.arrayContaining(['list', 'timeline']))
    expect(offers('saoma payments list --st')).toEqual(['--status'])
    expect(offers('saoma refunds --in-rev')).not.toContain('--in-review')
  })

  test.skipIf(!has(shell))('offers what an option or an argument may be', () => {
    expect(offers('saoma init --lang ').toSorted()).toEqual(['en', 'zh'])
    expect(offers('saoma completion z')).toEqual(['zsh'])
    expect(offers('saoma init --app-id ')).not.toContain('--lang')
  })

  test.skipIf(!has(shell))('takes the value of an option for no command', () => {
    expect(offers('saoma payments list --reference get --st')).toEqual(['--status'])
    expect(offers('saoma pay 1.00 x --reference refunds --no-w')).toEqual(['--no-wait'])
  })

  test.skipIf(!has(shell))('offers files where a file is asked for', () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'body.txt'), '')
    expect(offers('saoma verify --file bo', folder)).toEqual(['body.txt'])
  })
})

test('the command prints the script of each shell, and knows no other', async () => {
  for (const shell of SHELLS) {
    const { code, stdout } = await runSaoma(['completion', shell])
    expect([code, stdout]).toEqual([0, completionScript(createProgram(), shell)])
  }
  const { code, stderr } = await runSaoma(['completion', 'tcsh'])
  expect([code, stderr]).toEqual([2, expect.stringContaining('bash, zsh, fish')])
})
