/**
 * Has this process die, or stand still, at one of the named points, so that tests can prove that
 * nothing is lost there. Does nothing unless the environment asks for it.
 *
 * @module
 */

import type { Environment } from './configuration.ts'

/** Is called at each point. */
export type CrashHook = (point: string) => void

/**
 * Reads `SAOMA_CRASH_AT` (the process is killed as by `kill -9`) and `SAOMA_PAUSE_AT` (it stops as
 * by SIGSTOP, until SIGCONT): the name of a point, or `name:n` for the n-th time that it is
 * passed.
 */
export function readCrashHook(env: Environment): CrashHook {
  const hooks = [
    trigger(env['SAOMA_CRASH_AT'], 'SIGKILL'),
    trigger(env['SAOMA_PAUSE_AT'], 'SIGSTOP'),
  ].filter((hook) => hook !== undefined)
  return (point) => hooks.forEach((hook) => hook(point))
}

function trigger(
  setting: string | undefined,
  signal: 'SIGKILL' | 'SIGSTOP',
): CrashHook | undefined {
  if (setting === undefined || setting === '') return undefined
  const [name, times = '1'] = setting.split(':')
  let left = Number(times)
  return (point) => {
    if (point !== name || --left !== 0) return
    process.stderr.write(`${JSON.stringify({ level: 'warn', event: 'crash_point', point })}\n`)
    process.kill(process.pid, signal)
  }
}
