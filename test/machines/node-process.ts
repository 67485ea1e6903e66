/**
 * Programs of ours in processes of their own, to be killed and frozen at will: `saoma` itself, and
 * TypeScript that a test brings along.
 *
 * @module
 */
import { fileURLToPath } from 'node:url'
import { program, withoutSettings } from '../saoma-program.ts'
import { startGuarded, type GuardedProcess } from './guarded-process.ts'
import { afterUse } from './lifetime.ts'
import { machineFolder } from './machine-folder.ts'

/** How a program is started. */
export interface NodeProcessOptions {
  /** Added to our environment without its settings of saoma and of vitest. */
  readonly env?: Readonly<Record<string, string>>
  /** Default: a new folder. */
  readonly cwd?: string
}

/** Starts Node; it is killed after the test, or after the file when no test runs. */
export function startNode(
  args: readonly string[],
  { env = {}, cwd }: NodeProcessOptions = {},
): GuardedProcess {
  const inherited = Object.entries(withoutSettings(process.env)).filter(
    ([name]) => !name.startsWith('VITEST'),
  )
  const folder = cwd === undefined ? machineFolder('node') : undefined
  afterUse(() => folder?.remove())
  const running = startGuarded(process.execPath, args, {
    cwd: cwd ?? folder?.path ?? '/',
    env: { ...Object.fromEntries(inherited), ...env },
  })
  afterUse(() => running.kill('SIGKILL'))
  return running
}

/** Starts a TypeScript file, given as `new URL('./writer.ts', import.meta.url)`. */
export function startTypeScript(
  file: URL,
  args: readonly string[] = [],
  options?: NodeProcessOptions,
): GuardedProcess {
  const tsx = import.meta.resolve('tsx')
  return startNode(['--import', tsx, fileURLToPath(file), ...args], options)
}

/** Starts `saoma`: what users run where it is built, else the sources. */
export async function startSaomaProcess(
  args: readonly string[],
  options?: NodeProcessOptions,
): Promise<GuardedProcess> {
  return startNode([...(await program()), ...args], options)
}
