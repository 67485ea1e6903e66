/**
 * Commands as a user runs them, with something to read on stdin.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { program, root, withoutSettings } from '../saoma-program.ts'

/** What a command did. */
export interface RunResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** How a command is run. The environment has no settings of saoma but these. */
export interface RunOptions {
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** Starts a command. */
export async function startSaoma(
  args: readonly string[],
  { env = {}, cwd }: RunOptions = {},
): Promise<ChildProcess> {
  return spawn(process.execPath, [...(await program()), ...args], {
    cwd: cwd ?? root,
    env: { ...withoutSettings(process.env), ...env },
  })
}

/** Runs a command to its end. */
export async function runSaoma(
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const child = await startSaoma(args, options)
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdin?.end(options.input ?? '')
  const code = await new Promise<number | null>((done, failed) => {
    child.once('error', failed)
    child.once('close', done)
  })
  return { code, stdout, stderr }
}
