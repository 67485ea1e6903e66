/**
 * The people of the back office from the command line: by the API of the server that runs on the
 * folder, else in its database, so that somebody who is locked out gets in without one, too.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  appIdOf,
  createAccess,
  createUsers,
  MasterKey,
  type AuditAction,
  type Role,
  type User,
} from '../access/index.ts'
import { formatRfc3339, systemClock } from '../alipay/index.ts'
import { describeError } from '../server/index.ts'
import { readDatabaseConfiguration, readIdentity, type Environment } from './configuration.ts'
import { readEnvironment } from './environment-file.ts'
import { Failure } from './failure.ts'
import { findRunning } from './folder.ts'
import { createLog } from './log.ts'
import { connectOperator } from './merchant-api.ts'
import { openStore } from './merchant-server.ts'

/** A user as the API writes him. */
export interface ApiUser {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: string
  readonly status: string
  readonly totp_enabled: boolean
  readonly last_sign_in_at: string | null
}

/** Somebody who may choose a password by the link. */
export interface InvitedUser extends ApiUser {
  readonly invitation: string
}

/** Wherever the users are. */
export interface UserBook {
  list(): Promise<readonly ApiUser[]>
  create(user: {
    readonly email: string
    readonly name: string
    readonly role: Role
  }): Promise<InvitedUser>
  reset(id: string): Promise<InvitedUser>
  disable(id: string): Promise<ApiUser>
  close(): Promise<void>
}

/**
 * Opens them.
 *
 * @throws {Failure} If there is neither a server nor a database.
 */
export async function openUserBook(given: Environment, folder: string): Promise<UserBook> {
  const isServed = given['SAOMA_URL'] && given['SAOMA_API_KEY']
  if (isServed || findRunning(folder)) return byServer(given, folder)
  return inDatabase(readEnvironment(folder, given), folder)
}

/**
 * Finds a user by his e-mail address or his id.
 *
 * @throws {Failure} If there is none.
 */
export async function findUser(book: UserBook, name: string): Promise<ApiUser> {
  const wanted = name.trim().toLowerCase()
  const user = (await book.list()).find(({ id, email }) => email === wanted || id === name)
  if (user === undefined) throw new Failure(`There is no user ${name}.`, 1)
  return user
}

function byServer(env: Environment, folder: string): UserBook {
  // Who runs the server makes its owners, whichever application is meant elsewhere.
  const api = connectOperator(env, folder)()
  const path = (id: string): string => `/users/${encodeURIComponent(id)}`
  return {
    list: async () => (await api.call<{ readonly data: readonly ApiUser[] }>('GET', '/users')).data,
    create: (user) => api.call('POST', '/users', user),
    reset: (id) => api.call('POST', `${path(id)}/reset`, {}),
    disable: (id) => api.call('PATCH', path(id), { disabled: true }),
    close: async () => {},
  }
}

async function inDatabase(env: Environment, folder: string): Promise<UserBook> {
  const database = readDatabaseConfiguration(env)
  if (database === undefined && !existsSync(join(folder, 'saoma.db'))) {
    throw new Failure(
      `There is no server and no database in ${folder}/. Start \`saoma serve\` or \`saoma dev\` once, or name its folder with --folder.`,
    )
  }
  const identity = readIdentity(env)
  const log = createLog()
  const store = await openStore({
    folder,
    database,
    identity,
    clock: systemClock,
    log,
  })
  const onError = (error: unknown): void => {
    log({ level: 'error', event: 'users.failed', ...describeError(error) })
  }
  // Nothing is sealed or opened here: authenticators are set up in the back office.
  const users = createUsers({ store: store.users, vault: MasterKey.create(), onError })
  const access = createAccess({ store: store.access, onError })
  const appId = appIdOf(identity)
  const publicUrl = (env['SAOMA_PUBLIC_URL'] || 'http://127.0.0.1:6200').replace(/\/+$/, '')

  const record = (action: AuditAction, objectId: string) =>
    access.record({
      appId,
      actor: 'system',
      actorName: 'saoma users',
      action,
      objectId,
      detail: {},
      requestId: null,
    })
  const invited = (user: User, token: string): InvitedUser => ({
    ...toApi(user),
    invitation: `${publicUrl}/console/invitation#${token}`,
  })
  return {
    list: async () => (await users.list(appId)).map(toApi),
    async create(user) {
      const result = await users.invite({ ...user, appId })
      if (result.status === 'exists') throw new Failure(`There is a user ${user.email}.`, 1)
      await record('user.create', result.user.id)
      return invited(result.user, result.token)
    },
    async reset(id) {
      const result = await users.reset(appId, id)
      if (result === undefined) throw new Failure(`There is no user ${id}.`, 1)
      await record('user.reset', id)
      return invited(result.user, result.token)
    },
    async disable(id) {
      const user = await users.update(appId, id, { isDisabled: true })
      if (user === 'last_owner') {
        throw new Failure('This is the last owner. Create another one first.', 1)
      }
      if (user === undefined) throw new Failure(`There is no user ${id}.`, 1)
      await record('user.update', id)
      return toApi(user)
    },
    close: () => store.close(),
  }
}

function toApi(user: User): ApiUser {
  const { id, email, name, role, status, totpEnabled, lastSignInAt } = user
  return {
    id,
    email,
    name,
    role,
    status,
    totp_enabled: totpEnabled,
    last_sign_in_at: lastSignInAt === null ? null : formatRfc3339(lastSignInAt),
  }
}
