import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { PATIENCE, withoutSettings } from '../saoma-program.ts'
import { afterUse } from './lifetime.ts'
import { postgresPrograms, startPostgres, type PostgresCluster } from './postgres.ts'

const HOLDER = fileURLToPath(new URL('./postgres-holder.ts', import.meta.url))

describe.skipIf(postgresPrograms === '')('a server', () => {
  test.each([
    ['that is killed', (program: ChildProcess) => program.kill('SIGKILL')],
    ['whose vitest is killed', (program: ChildProcess) => program.disconnect()],
  ])('does not outlive a program %s, running or frozen, nor does its folder', async (_, end) => {
    const program = fork(HOLDER, {
      execArgv: ['--import', import.meta.resolve('tsx')],
      env: { ...withoutSettings(process.env), VITEST: undefined, SAOMA_PG_BIN: postgresPrograms },
      stdio: 'inherit',
    })
    afterUse(() => program.kill('SIGKILL'))
    const [held] = (await once(program, 'message')) as [{ processes: number[]; folders: string[] }]
    expect(held.processes.length).toBeGreaterThan(10)
    expect(held.processes.filter(runs)).toEqual(held.processes)
    end(program)
    await vi.waitFor(() => {
      expect(held.processes.filter(runs)).toEqual([])
      expect(held.folders.filter((folder) => existsSync(dirname(folder)))).toEqual([])
    }, PATIENCE)
  })

  describe('that is started before the tests', () => {
    let server: PostgresCluster
    beforeAll(async () => {
      server = await startPostgres()
    })
    test.each([1, 2])('is there for each of them (%i)', () => {
      expect(runs(server.pid())).toBe(true)
    })
  })

  describe('that is started in a test', () => {
    let server: PostgresCluster
    let pid = 0
    test('runs', async () => {
      server = await startPostgres()
      pid = server.pid()
      expect(runs(pid)).toBe(true)
    })
    afterAll(() => {
      expect(runs(pid)).toBe(false)
      expect(existsSync(dirname(server.dataFolder))).toBe(false)
    })
  })
})

/** Whether a process is at work: one that has ended is listed until its parent has looked. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const status = `/proc/${pid}/status`
  return !existsSync(status) || !/^State:\s+Z/m.test(readFileSync(status, 'utf8'))
}
