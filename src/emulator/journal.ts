/**
 * An append-only file of changed records: one line a commit, the last value of a key wins. Written
 * before anything is answered, so that a process that is killed has lost nothing that it told
 * anybody. It is not synced to the disk: this is for a laptop, and a power cut may take the last
 * moments.
 *
 * @module
 */

import {
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'

/** A record under its key; `null` is a record that is gone. */
export type Entry = readonly [key: string, value: unknown]

/** Another process has the journal open. */
export class JournalInUse extends Error {
  readonly code = 'ERR_JOURNAL_IN_USE'

  constructor(path: string, pid: number) {
    super(
      `${path} is open in another process (pid ${pid}). Stop that one, or use another folder. If it is no emulator, delete ${path}.pid.`,
    )
    this.name = 'JournalInUse'
  }
}

/** A file that is open for writing. One process at a time. */
export interface Journal {
  /** Writes changes as one line: all of them are read again, or none. */
  append(entries: readonly Entry[]): void
  close(): void
}

/**
 * Reads the journal, makes it as short as it can be, and opens it.
 *
 * @param path Made where it does not exist, readable by its owner alone.
 * @returns The journal and the last value of each key, in the order of first appearance.
 * @throws {JournalInUse} If another process has it open.
 */
export function openJournal(path: string): { journal: Journal; records: Map<string, unknown> } {
  takeForThisProcess(path)
  const records = readRecords(path)
  const compacted = `${path}.new`
  const file = openSync(compacted, 'w', 0o600)
  for (const entry of records) writeSync(file, `${JSON.stringify([entry])}\n`)
  renameSync(compacted, path)
  const journal = {
    append: (entries: readonly Entry[]) => void writeSync(file, `${JSON.stringify(entries)}\n`),
    close() {
      closeSync(file)
      rmSync(`${path}.pid`, { force: true })
    },
  }
  return { journal, records }
}

/** What a killed process leaves behind is no hindrance: it names a process that is gone. */
function takeForThisProcess(path: string): void {
  const owner = Number.parseInt(readText(`${path}.pid`), 10)
  if (owner !== process.pid && isAlive(owner)) throw new JournalInUse(path, owner)
  writeFileSync(`${path}.pid`, String(process.pid), { mode: 0o600 })
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  // On Linux a process that was killed stays listed until its parent takes notice, which may be
  // never.
  if (/^\d+ \(.*\) Z/s.test(readText(`/proc/${pid}/stat`))) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function readRecords(path: string): Map<string, unknown> {
  const records = new Map<string, unknown>()
  for (const line of readText(path).split('\n')) {
    for (const [key, value] of readLine(line)) {
      if (value === null) records.delete(key)
      else records.set(key, value)
    }
  }
  return records
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** A line that was cut off in the middle was never answered, so it never happened. */
function readLine(line: string): Entry[] {
  if (line === '') return []
  try {
    return JSON.parse(line) as Entry[]
  } catch {
    return []
  }
}
