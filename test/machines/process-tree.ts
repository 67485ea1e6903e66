/**
 * The children of a process that is not ours to ask.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

/** The processes that a process has started and that still run. */
export function childrenOf(pid: number): number[] {
  const file = (of: number): string => `/proc/${of}/task/${of}/children`
  if (!existsSync(file(process.pid))) {
    return listed().flatMap(([child, parent]) => (parent === pid ? [child] : []))
  }
  if (!existsSync(file(pid))) return []
  return readFileSync(file(pid), 'utf8').split(' ').filter(Boolean).map(Number)
}

/** Signals processes, some of which may have ended in the meantime. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

function listed(): (readonly [pid: number, parent: number])[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  return table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([pid = 0, parent = 0]) => [pid, parent])
}
