/**
 * Processes that count and are asked with SIGUSR2: they answer with a JSON line on stderr.
 *
 * @module
 */
import type { GuardedProcess } from '../../test/machines/guarded-process.ts'

/** What `process` has counted since its start. */
export async function countedBy<Counted>(process: GuardedProcess): Promise<Counted> {
  const before = lines(process).length
  globalThis.process.kill(process.pid, 'SIGUSR2')
  for (;;) {
    const line = lines(process)[before]
    if (line !== undefined) return (JSON.parse(line) as { counted: Counted }).counted
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

function lines(process: GuardedProcess): string[] {
  return process
    .stderr()
    .split('\n')
    .filter((line) => line.startsWith('{"counted"'))
}
