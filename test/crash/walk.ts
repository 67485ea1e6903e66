/**
 * One walk: a shop's history, in which the process dies at named points, each time at the next one,
 * and another takes over until everything has come to its end.
 *
 * @module
 */
import type { GuardedProcess } from '../machines/guarded-process.ts'
import { sharedPostgres } from '../machines/postgres.ts'
import { collect, differences } from './checker.ts'
import { openInstallation, type Installation } from './installation.ts'
import { openShop } from './merchant.ts'
import { STORIES, type Point } from './stories.ts'

/** What is walked. */
export interface Walk {
  readonly store: Installation['kind']
  /**
   * `point` or `point:n`: where the first process dies, then the second, and so on; with `?` at its
   * end one that may be missed.
   */
  readonly crashes: readonly string[]
}

/**
 * Walks.
 *
 * @returns What is not as it should be, a line each.
 */
export async function walk(chosen: Walk): Promise<string[]> {
  try {
    return await tell(chosen)
  } catch (error) {
    return [String(error)]
  }
}

async function tell({ store, crashes }: Walk): Promise<string[]> {
  const story = STORIES[pointOf(crashes[0])]
  const installation = await openInstallation({
    ...(store === 'postgresql' && { database: await newDatabase() }),
    ...(story.env && { env: story.env }),
  })
  const merchant = openShop(installation)
  const nodes = keepRunning(installation, crashes)
  try {
    await story.tell(merchant, installation)
    await installation.untilOver()
    const found = differences(await collect(installation), merchant.acknowledged)
    return [...found, ...(await nodes.stop())]
  } catch (error) {
    return [String(error), ...(await nodes.stop())]
  } finally {
    await nodes.stop()
    await installation.close()
  }
}

async function newDatabase() {
  const url = await (await sharedPostgres()).createDatabase()
  return { url, direct: () => url }
}

function pointOf(crash = ''): Point {
  return crash.replace(/[:?].*/, '') as Point
}

/** Starts a process, and another when it has died; each but the last is to die. */
function keepRunning(
  installation: Installation,
  crashes: readonly string[],
): { readonly stop: () => Promise<string[]> } {
  const complaints: string[] = []
  let isStopping = false
  let node: GuardedProcess | undefined
  const run = async (): Promise<void> => {
    for (const crashAt of [...crashes, undefined]) {
      node = await installation.start({ crashAt: crashAt?.replace('?', '') })
      if (isStopping) void node.kill('SIGTERM')
      const code = await node.ended()
      complaints.push(...complaintsAbout(node, code, crashAt))
      if (isStopping) return
    }
  }
  const running = run()
  return {
    async stop() {
      isStopping = true
      void node?.kill('SIGTERM')
      await running
      return complaints.splice(0)
    },
  }
}

function complaintsAbout(node: GuardedProcess, code: number | null, crashAt?: string): string[] {
  const said = node.stderr()
  const hasPassed = said.includes(`"event":"crash_point","point":"${pointOf(crashAt)}"`)
  const isToDie = crashAt !== undefined && (hasPassed || !crashAt.endsWith('?'))
  const failures = said.split('\n').filter((line) => line.includes('"level":"error"'))
  return [
    ...(isToDie && !hasPassed ? [`It did not pass ${crashAt}`] : []),
    // A process that was killed has no code.
    ...(code === (isToDie ? null : 0) ? [] : [`It ended with ${code}: ${said}`]),
    ...failures,
  ]
}
