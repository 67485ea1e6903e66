/**
 * The store of users as queries, one text for SQLite and PostgreSQL: each statement is a
 * transaction of its own.
 *
 * @module
 */

import { sql, type RawBuilder, type SqlBool } from 'kysely'
import type { Reach, StoredSession, StoredUser, UserChange, UserStore } from '../access/index.ts'
import { toInstant } from '../alipay/index.ts'
import type { StoreDatabase } from './database.ts'
import { storable } from './payment-rows.ts'
import type { SessionsTable, UsersTable } from './schema.ts'

/** Makes the store of users on a database whose schema is up to date. */
export function createUserStore(database: Omit<StoreDatabase, 'app'>): UserStore {
  const { db } = database

  const findWhere = async (
    column: 'id' | 'invitation_hash',
    value: string,
  ): Promise<StoredUser | undefined> => {
    const row = await db
      .selectFrom('users')
      .selectAll()
      .where(column, '=', storable(value))
      .executeTakeFirst()
    return row && fromUserRow(row)
  }

  const hasUser = async (appId: string, id: string): Promise<boolean> =>
    (await findWhere('id', id))?.appId === appId

  return {
    async insertUser(user, onlyFirst = false) {
      const row = toUserRow(user)
      const names = Object.keys(row).map((name) => sql.ref(name))
      const condition = onlyFirst
        ? sql<SqlBool>`not exists (select 1 from users where app_id = ${user.appId})`
        : sql<SqlBool>`true`
      const { rows } = await sql`
        insert into users (${sql.join(names)})
        select ${sql.join(Object.values(row))} where ${condition}
        on conflict do nothing returning id`.execute(db)
      return rows.length === 1
    },

    async listUsers(appId) {
      const rows = await db
        .selectFrom('users')
        .selectAll()
        .where('app_id', '=', appId)
        .orderBy('created_at')
        .orderBy('id')
        .execute()
      return rows.map(fromUserRow)
    },

    findUser: (id) => findWhere('id', id),
    findUserByInvitation: (hash) => findWhere('invitation_hash', hash),
    async findUserByEmail(appId, email) {
      const row = await db
        .selectFrom('users')
        .selectAll()
        .where('app_id', '=', appId)
        .where('email', '=', storable(email))
        .executeTakeFirst()
      return row && fromUserRow(row)
    },

    async updateUser(appId, id, change, endSessions) {
      const row = toUserChange(change)
      const staysOwner =
        (change.role ?? 'owner') === 'owner' &&
        (change.status ?? 'active') !== 'disabled' &&
        (change.reach ?? '*') === '*'
      const changes = Object.keys(row).length > 0
      if (!changes && endSessions !== undefined) {
        await db
          .deleteFrom('sessions')
          .where('user_id', '=', storable(id))
          .where('hash', '<>', endSessions.keep ?? '')
          .execute()
      }
      if (changes) {
        const update = db
          .updateTable('users')
          .set(row)
          .where('app_id', '=', appId)
          .where('id', '=', storable(id))
          .$if(!staysOwner, (query) => query.where(notLastOwner(appId, id)))
        const end = db
          .deleteFrom('sessions')
          .where('user_id', '=', storable(id))
          .where('hash', '<>', endSessions?.keep ?? '')
          .$if(!staysOwner, (query) =>
            query.where(
              sql<SqlBool>`exists (select 1 from users where id = ${storable(id)}
                and (status = 'disabled' or role <> 'owner' or apps is not null))`,
            ),
          )
        const [updated] = await database.atomically(
          endSessions === undefined ? [update] : [update, end],
        )
        if (updated?.numAffectedRows === 0n) {
          return (await hasUser(appId, id)) ? 'last_owner' : undefined
        }
      }
      const user = await findWhere('id', id)
      return user?.appId === appId ? user : undefined
    },

    async deleteUser(appId, id) {
      const [deleted] = await database.atomically([
        db
          .deleteFrom('users')
          .where('app_id', '=', appId)
          .where('id', '=', storable(id))
          .where(notLastOwner(appId, id)),
        // What nobody holds any more.
        db
          .deleteFrom('sessions')
          .where('user_id', '=', storable(id))
          .where(sql<SqlBool>`not exists (select 1 from users where id = ${storable(id)})`),
      ])
      if (deleted?.numAffectedRows === 1n) return 'deleted'
      return (await hasUser(appId, id)) ? 'last_owner' : undefined
    },

    async useTotpStep(id, step) {
      const { numUpdatedRows } = await db
        .updateTable('users')
        .set({ totp_step: step })
        .where('id', '=', storable(id))
        .where('totp_step', '<', step)
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n
    },

    async insertSession(session) {
      await db.insertInto('sessions').values(toSessionRow(session)).execute()
    },

    async findSession(hash) {
      const row = await db
        .selectFrom('sessions')
        .innerJoin('users', 'users.id', 'sessions.user_id')
        .selectAll('users')
        .select(['sessions.created_at as began_at', 'sessions.last_seen_at'])
        .where('hash', '=', hash)
        .executeTakeFirst()
      if (row === undefined) return undefined
      const { began_at: createdAt, last_seen_at: lastSeenAt } = row
      const times = { createdAt: toInstant(createdAt), lastSeenAt: toInstant(lastSeenAt) }
      return { session: { hash, userId: row.id, ...times }, user: fromUserRow(row) }
    },

    async touchSession(hash, at) {
      await db
        .updateTable('sessions')
        .set({ last_seen_at: at })
        .where('hash', '=', hash)
        .where('last_seen_at', '<', at)
        .execute()
    },

    async deleteSession(hash) {
      await db.deleteFrom('sessions').where('hash', '=', hash).execute()
    },

    async forgetSessions({ created, seen }) {
      await db
        .deleteFrom('sessions')
        .where((where) =>
          where.or([where('created_at', '<', created), where('last_seen_at', '<', seen)]),
        )
        .execute()
    },

    async countAttempt(key, now, windowMs) {
      const isOld = sql`sign_in_attempts.since <= ${now - windowMs}`
      const [row] = (
        await sql<{ count: number; since: number }>`
          insert into sign_in_attempts (key, count, since) values (${key}, 1, ${now})
          on conflict (key) do update set
            count = case when ${isOld} then 1 else sign_in_attempts.count + 1 end,
            since = case when ${isOld} then ${now} else sign_in_attempts.since end
          returning count, since`.execute(db)
      ).rows
      await db
        .deleteFrom('sign_in_attempts')
        .where('since', '<=', now - windowMs)
        .execute()
      return { count: row?.count ?? 1, since: toInstant(row?.since ?? now) }
    },

    async forgetAttempts(keys) {
      await db.deleteFrom('sign_in_attempts').where('key', 'in', keys).execute()
    },
  }
}

/** He is no owner of all applications who could sign in, or somebody else is one. */
function notLastOwner(appId: string, id: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`(role <> 'owner' or status = 'disabled' or apps is not null or exists (
    select 1 from users as others where others.app_id = ${appId} and others.role = 'owner'
      and others.apps is null and others.status = 'active' and others.id <> ${storable(id)}))`
}

function toUserRow(user: StoredUser): UsersTable {
  return {
    id: user.id,
    app_id: user.appId,
    apps: toApps(user.reach),
    email: storable(user.email),
    name: storable(user.name),
    role: user.role,
    status: user.status,
    locale: user.locale,
    password_hash: user.passwordHash,
    totp_secret: user.sealedTotp,
    totp_enabled: Number(user.totpEnabled),
    totp_step: user.totpStep,
    invitation_hash: user.invitationHash,
    invitation_expires_at: user.invitationExpiresAt,
    created_at: user.createdAt,
    last_sign_in_at: user.lastSignInAt,
  }
}

function toApps(reach: Reach): string | null {
  return reach === '*' ? null : JSON.stringify(reach)
}

function toUserChange(change: UserChange): Partial<UsersTable> {
  const given = <Name extends keyof UserChange, Column extends keyof UsersTable>(
    name: Name,
    column: Column,
    toColumn: (value: NonNullable<UserChange[Name]>) => UsersTable[Column],
  ) => {
    const value = change[name]
    if (value === undefined) return {}
    return { [column]: value === null ? null : toColumn(value) }
  }
  return {
    ...given('email', 'email', storable),
    ...given('name', 'name', storable),
    ...given('role', 'role', String),
    ...given('reach', 'apps', toApps),
    ...given('status', 'status', String),
    ...given('locale', 'locale', String),
    ...given('passwordHash', 'password_hash', String),
    ...given('sealedTotp', 'totp_secret', String),
    ...given('totpEnabled', 'totp_enabled', Number),
    ...given('invitationHash', 'invitation_hash', String),
    ...given('invitationExpiresAt', 'invitation_expires_at', Number),
    ...given('lastSignInAt', 'last_sign_in_at', Number),
  }
}

function fromUserRow(row: UsersTable): StoredUser {
  return {
    id: row.id,
    appId: row.app_id,
    reach: row.apps === null ? '*' : (JSON.parse(row.apps) as string[]),
    email: row.email,
    name: row.name,
    role: row.role as StoredUser['role'],
    status: row.status as StoredUser['status'],
    totpEnabled: row.totp_enabled === 1,
    locale: row.locale as StoredUser['locale'],
    createdAt: toInstant(row.created_at),
    lastSignInAt: row.last_sign_in_at === null ? null : toInstant(row.last_sign_in_at),
    passwordHash: row.password_hash,
    sealedTotp: row.totp_secret,
    totpStep: row.totp_step,
    invitationHash: row.invitation_hash,
    invitationExpiresAt:
      row.invitation_expires_at === null ? null : toInstant(row.invitation_expires_at),
  }
}

function toSessionRow(session: StoredSession): SessionsTable {
  return {
    hash: session.hash,
    user_id: session.userId,
    created_at: session.createdAt,
    last_seen_at: session.lastSeenAt,
  }
}
