/**
 * How long what a test starts may live: until the test ends, or its file when it was started for
 * several tests, and never longer than this process, however that one ends.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { afterAll, onTestFinished, TestRunner } from 'vitest'

type Cleanup = () => unknown

const underVitest = process.env['VITEST'] !== undefined
const atTheEndOfTheFile: Cleanup[] = []

// Vitest's worker would run on when vitest itself was killed, and keep everything with it.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))

if (underVitest) {
  // At the top of the file that imports this, and so after every other hook of it.
  afterAll(async () => {
    const failures: unknown[] = []
    for (const cleanup of atTheEndOfTheFile.splice(0).toReversed()) {
      try {
        await cleanup()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Not everything was cleaned up')
  })
}

/**
 * Has something cleaned up after the running test, whether it passes or not; after the file when no
 * test runs, as in `beforeAll`. A program that is no test relies on the guards below.
 */
export function afterUse(cleanup: Cleanup): void {
  if (TestRunner.getCurrentTest()) onTestFinished(async () => void (await cleanup()))
  else afterFile(cleanup)
}

/** Has something cleaned up after the file, also when it is started by a test. */
export function afterFile(cleanup: Cleanup): void {
  atTheEndOfTheFile.push(cleanup)
}

/**
 * Has a process ended when this one is gone, killed or not: by SIGKILL, or by SIGQUIT when it takes
 * its own children along. Frozen ones are woken for it.
 *
 * @returns To be called when the process has ended by other means.
 */
export function endWithUs(pid: number, signal: 'SIGKILL' | 'SIGQUIT'): () => void {
  const script = `kill -s "$1" "$2"
    kill -s CONT "$2" $(cat "/proc/$2/task/$2/children")`
  return guard(script, [signal.slice(3), String(pid)])
}

/**
 * Has a folder removed when this process is gone.
 *
 * @returns To be called when it was removed by other means.
 */
export function removeWithUs(folder: string): () => void {
  // Again, because those who still write into it may be about to end themselves.
  const script = `for _ in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf "$1" && exit
    sleep 1
  done`
  return guard(script, [folder])
}

/**
 * A shell that waits for the end of this process, which closes its standard input. It is out of
 * reach of a signal to our process group, and no timer or hook of ours has to be alive.
 */
function guard(script: string, args: readonly string[]): () => void {
  const child = spawn('/bin/sh', ['-c', `read -r _ && exit\n${script}`, 'guard', ...args], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.unref()
  const stdin = child.stdin as Socket
  stdin.on('error', () => {})
  stdin.unref()
  return () => void stdin.end('dismissed\n')
}
