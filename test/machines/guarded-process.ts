/**
 * A process of its own: what it prints is kept, it can be frozen and killed, and it never outlives
 * this one.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Running } from '../saoma-program.ts'
import { endWithUs } from './lifetime.ts'

/** A process that runs, and what it has said so far. */
export interface GuardedProcess extends Running {
  /** Stops it where it is (SIGSTOP): its connections stay open, and nothing answers. */
  pause(): void
  /** Lets it go on (SIGCONT). */
  resume(): void
  /**
   * Waits for a line, of either stream, that has been printed or will be.
   *
   * @returns The first such line.
   * @throws When it ends without, or when it takes too long; with all that was printed.
   */
  line(pattern: RegExp | string): Promise<string>
}

/** How a process is started. */
export interface GuardedProcessOptions {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** Who it runs as; without, the one who runs the tests. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
  /** What ends it when this process is gone. Default SIGKILL. */
  readonly deathSignal?: 'SIGKILL' | 'SIGQUIT'
}

/** Generous: other tests use the same machine. */
const PATIENCE_MS = 30_000

/** Starts a program. Who calls this also ends it. */
export function startGuarded(
  program: string,
  args: readonly string[],
  { cwd, env, user, deathSignal = 'SIGKILL' }: GuardedProcessOptions,
): GuardedProcess {
  const child = spawn(program, args, { cwd, env, ...user, stdio: ['ignore', 'pipe', 'pipe'] })
  const { pid } = child
  child.once('error', () => {})
  if (pid === undefined) throw new Error(`${program} could not be started`)
  const streams = { stdout: '', stderr: '' }
  const waiting = new Set<() => void>()
  const tellAll = (): void => {
    for (const tell of waiting) tell()
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (part: string) => {
      streams[stream] += part
      tellAll()
    })
  }
  // Not `exit`: what it has printed, and children that print to the same place, belong to it.
  let over = false
  const closed = once(child, 'close').then(([code]) => code as number | null)
  const dismiss = endWithUs(pid, deathSignal)
  closed
    .catch(() => {})
    .finally(() => {
      over = true
      dismiss()
      tellAll()
    })

  const said = (): string => streams.stdout + streams.stderr
  const found = (pattern: RegExp | string): string | undefined =>
    [streams.stdout, streams.stderr]
      .flatMap((text) => text.split('\n').slice(0, -1))
      .find((line) => (typeof pattern === 'string' ? line.includes(pattern) : pattern.test(line)))
  return {
    pid,
    stdout: () => streams.stdout,
    stderr: () => streams.stderr,
    ended: () => closed,
    kill(signal) {
      child.kill(signal)
      return closed
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const finish = (act: () => void): void => {
          clearTimeout(timer)
          waiting.delete(look)
          act()
        }
        const fail = (how: string): void =>
          finish(() => reject(new Error(`${program} ${how} "${pattern}":\n${said()}`)))
        const timer = setTimeout(() => fail('takes too long to print'), PATIENCE_MS)
        const look = (): void => {
          const line = found(pattern)
          if (line !== undefined) finish(() => resolve(line))
          else if (over) fail('ended without')
        }
        waiting.add(look)
        look()
      }),
  }
}
