/**
 * Folders of the machines, each gone with the one who has it.
 *
 * @module
 */
import { chownSync, existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeWithUs } from './lifetime.ts'
import type { ServerUser } from './server-user.ts'

/** A folder that one machine has for itself. */
export interface MachineFolder {
  readonly path: string
  /** Removes it, with what is in it; this happens in any case when this process is gone. */
  remove(): void
}

/** Memory that is worth keeping data in, rather than risk that a database runs out of it. */
const MEMORY_BYTES_MIN = 2 * 1024 ** 3

/**
 * Makes a folder.
 *
 * @param owner Whose it is; without, ours.
 * @param inMemory Whether it may be in memory, where the machine has enough of it to spare.
 */
export function machineFolder(
  name: string,
  { owner, inMemory = false }: { owner?: ServerUser | undefined; inMemory?: boolean } = {},
): MachineFolder {
  // A temporary folder of root's own may be closed to others.
  const onDisk = owner ? '/tmp' : tmpdir()
  const path = mkdtempSync(join(inMemory && hasMemory() ? MEMORY : onDisk, `saoma-${name}-`))
  if (owner) chownSync(path, owner.uid, owner.gid)
  const dismiss = removeWithUs(path)
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true, maxRetries: 5 })
      dismiss()
    },
  }
}

const MEMORY = '/dev/shm'

function hasMemory(): boolean {
  if (!existsSync(MEMORY)) return false
  const { bavail, bsize } = statfsSync(MEMORY)
  return bavail * bsize >= MEMORY_BYTES_MIN
}
