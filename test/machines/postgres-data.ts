/**
 * Data folders of new PostgreSQL servers. The first one is made by `initdb` and kept below
 * `node_modules`, from where the others are copied, which takes a quarter of the time.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { machineFolder } from './machine-folder.ts'
import { serverUser } from './server-user.ts'

const run = promisify(execFile)

/** The environment of the server's programs: nobody's settings, language or zone. */
export const postgresEnv: NodeJS.ProcessEnv = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG'))),
  LC_ALL: 'C',
  TZ: 'UTC',
}

const INITDB = [
  '--username=postgres',
  '--auth=trust',
  '--encoding=UTF8',
  '--locale=C',
  // New databases are written through the log, in whose small files less is left over.
  '--wal-segsize=1',
  '--no-sync',
]

/**
 * Fills a folder that is not there yet.
 *
 * @param bin Where `initdb` is.
 */
export async function createPostgresData(bin: string, path: string): Promise<void> {
  const { stdout: version } = await run(join(bin, 'postgres'), ['--version'])
  const key = createHash('sha256').update([version, process.getuid?.(), ...INITDB].join())
  const checkout = fileURLToPath(new URL('../..', import.meta.url))
  const cache = join(checkout, 'node_modules', '.cache', 'saoma-postgres')
  const kept = join(cache, key.digest('hex').slice(0, 16))
  if (!existsSync(kept)) await keepNew(bin, kept)
  await copy(kept, path)
  if (serverUser) await run('chown', ['-R', `${serverUser.uid}:${serverUser.gid}`, path])
}

/** Several workers may do so at once: the first one's is kept, complete or not at all. */
async function keepNew(bin: string, kept: string): Promise<void> {
  const folder = machineFolder('initdb', { owner: serverUser, inMemory: true })
  const unfinished = `${kept}.${randomUUID()}`
  try {
    const data = join(folder.path, 'data')
    const options = { cwd: folder.path, env: postgresEnv, ...serverUser }
    await run(join(bin, 'initdb'), [...INITDB, `--pgdata=${data}`], options)
    mkdirSync(dirname(kept), { recursive: true })
    await copy(data, unfinished)
    renameSync(unfinished, kept)
  } catch (error) {
    if (!existsSync(kept)) throw error
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
    folder.remove()
  }
}

/** `cp`, because copying its thousand files takes Node several times as long. */
async function copy(from: string, to: string): Promise<void> {
  await run('cp', ['-Rp', from, to])
}
