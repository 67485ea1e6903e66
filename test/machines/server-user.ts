/**
 * Who runs servers that refuse to run as root.
 *
 * @module
 */
import { readFileSync } from 'node:fs'

/** A user of this machine. */
export interface ServerUser {
  readonly uid: number
  readonly gid: number
}

/** `postgres` or `nobody` when we are root; `undefined`, for ourselves, when we are not. */
export const serverUser: ServerUser | undefined =
  process.getuid?.() === 0 ? userNamed('postgres', 'nobody') : undefined

function userNamed(...names: readonly string[]): ServerUser {
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  for (const name of names) {
    const [, , uid, gid] = users.find(([login]) => login === name) ?? []
    if (uid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error(`There is no user ${names.join(' or ')} to run servers that refuse to be root`)
}
