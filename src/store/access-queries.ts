/**
 * The store of access as queries, one text for SQLite and PostgreSQL: each statement is a
 * transaction of its own.
 *
 * @module
 */

import { sql, type Selectable } from 'kysely'
import type {
  AccessStore,
  ApiKey,
  App,
  AuditEntry,
  BegunRequest,
  NamedRequest,
  Scope,
  StoredCredential,
} from '../access/index.ts'
import { toInstant, type Instant } from '../alipay/index.ts'
import type { StoreDatabase } from './database.ts'
import { hotStatement } from './hot-statement.ts'
import { storable } from './payment-rows.ts'
import type { ApiKeysTable, AppsTable, AuditEntriesTable, CredentialsTable } from './schema.ts'

/** Requests that one statement of `forgetRequests` drops. */
const FORGOTTEN_AT_ONCE = 1_000

/** Makes the store of access on a database whose schema is up to date. */
export function createAccessStore(database: Omit<StoreDatabase, 'app'>): AccessStore {
  const { db } = database

  const findRequest = async ({ appId, route, key }: NamedRequest) =>
    db
      .selectFrom('idempotency_keys')
      .select(['request_hash', 'answer_status', 'answer_body'])
      .where('app_id', '=', appId)
      .where('route', '=', route)
      .where('idempotency_key', '=', key)
      .executeTakeFirst()

  const finishRequest = hotStatement(
    db,
    sql`update idempotency_keys
      set answer_status = ${0}, answer_body = ${''}, holder = null, held_until = 0
      where app_id = ${''} and route = ${''} and idempotency_key = ${''} and holder = ${''}`,
  )

  return {
    async insertApp(app) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('apps')
        .values(toAppRow(app))
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow()
      return numInsertedOrUpdatedRows === 1n
    },

    async updateApp(homeId, id, { name, productCode, retiredAt, updatedAt }) {
      const row = await db
        .updateTable('apps')
        .set({
          updated_at: updatedAt,
          ...(name !== undefined && { name: name === null ? null : storable(name) }),
          ...(productCode !== undefined && { product_code: productCode }),
          ...(retiredAt !== undefined && { retired_at: retiredAt }),
        })
        .where('home_id', '=', homeId)
        .where('id', '=', storable(id))
        .returningAll()
        .executeTakeFirst()
      return row && fromAppRow(row)
    },

    async deleteApp(homeId, id) {
      const { numDeletedRows } = await db
        .deleteFrom('apps')
        .where('home_id', '=', homeId)
        .where('id', '=', storable(id))
        .where('retired_at', 'is not', null)
        .executeTakeFirstOrThrow()
      return numDeletedRows === 1n
    },

    async listApps(homeId) {
      const rows = await db
        .selectFrom('apps')
        .selectAll()
        .where('home_id', '=', homeId)
        .orderBy('created_at')
        .orderBy('id')
        .execute()
      return rows.map(fromAppRow)
    },

    async insertCredential(credential) {
      await db.insertInto('credentials').values(toCredentialRow(credential)).execute()
    },

    async updateCredential(credential, believed) {
      const { id, app_id: _, created_at: __, ...row } = toCredentialRow(credential)
      const { numUpdatedRows } = await db
        .updateTable('credentials')
        .set(row)
        .where('id', '=', id)
        .where('status', '=', believed)
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n
    },

    async listCredentials(appId) {
      const rows = await db
        .selectFrom('credentials')
        .selectAll()
        .where('app_id', '=', appId)
        .orderBy('created_at')
        .orderBy('id')
        .execute()
      return rows.map(fromCredentialRow)
    },

    async insertApiKey(key) {
      await db
        .insertInto('api_keys')
        .values(toApiKeyRow(key))
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },

    async findApiKeyByHash(hash) {
      const row = await db
        .selectFrom('api_keys')
        .selectAll()
        .where('hash', '=', hash)
        .executeTakeFirst()
      return row && fromApiKeyRow(row)
    },

    async listApiKeys(appId) {
      const rows = await db
        .selectFrom('api_keys')
        .selectAll()
        .where('app_id', '=', appId)
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .execute()
      return rows.map(fromApiKeyRow)
    },

    async updateApiKey(appId, id, { name, expiresAt, revokedAt }) {
      const byId = db.selectFrom('api_keys').selectAll()
      const change = {
        ...(name !== undefined && { name: storable(name) }),
        ...(expiresAt !== undefined && { expires_at: expiresAt }),
        ...(revokedAt !== undefined && { revoked_at: revokedAt }),
      }
      const row =
        Object.keys(change).length === 0
          ? await byId.where('app_id', '=', appId).where('id', '=', storable(id)).executeTakeFirst()
          : await db
              .updateTable('api_keys')
              .set(change)
              .where('app_id', '=', appId)
              .where('id', '=', storable(id))
              .returningAll()
              .executeTakeFirst()
      return row && fromApiKeyRow(row)
    },

    async touchApiKeys(uses) {
      for (const { id, at } of uses) {
        await db
          .updateTable('api_keys')
          .set({ last_used_at: at })
          .where('id', '=', id)
          .where((where) =>
            where.or([where('last_used_at', 'is', null), where('last_used_at', '<', at)]),
          )
          .execute()
      }
    },

    async beginRequest(request, holder, holdMs): Promise<BegunRequest> {
      const { appId, route, key, hash, createdAt } = request
      const until = sql<number>`${database.now()} + ${sql.lit(Math.round(holdMs))}`
      const [held] = (
        await sql<{ attempts: number }>`
          insert into idempotency_keys (app_id, route, idempotency_key, request_hash, holder,
            held_until, attempts, created_at)
          values (${appId}, ${route}, ${key}, ${hash}, ${holder}, ${until}, 1, ${createdAt})
          on conflict (app_id, route, idempotency_key) do update
          set holder = excluded.holder, held_until = excluded.held_until,
            attempts = idempotency_keys.attempts + 1
          where idempotency_keys.answer_status is null
            and idempotency_keys.request_hash = excluded.request_hash
            and idempotency_keys.held_until <= ${database.now()}
          returning attempts`.execute(db)
      ).rows
      if (held !== undefined) return { status: 'held', isRepeat: held.attempts > 1 }
      const kept = await findRequest(request)
      // Dropped in between, for its age: as if it had never been.
      if (kept === undefined) return { status: 'in_progress' }
      if (kept.request_hash !== hash) return { status: 'other_request' }
      const { answer_status: status, answer_body: body } = kept
      if (status === null || body === null) return { status: 'in_progress' }
      return { status: 'answered', answer: { status, body } }
    },

    async finishRequest({ appId, route, key }, holder, { status, body }) {
      await finishRequest(status, body, appId, route, key, holder)
    },

    async releaseRequest({ appId, route, key }, holder) {
      await db
        .updateTable('idempotency_keys')
        .set({ holder: null, held_until: 0 })
        .where('app_id', '=', appId)
        .where('route', '=', route)
        .where('idempotency_key', '=', key)
        .where('holder', '=', holder)
        .execute()
    },

    async forgetRequests(before) {
      const { rows } = await sql`
        delete from idempotency_keys
        where (app_id, route, idempotency_key) in (
          select app_id, route, idempotency_key from idempotency_keys
          where created_at < ${before} order by created_at
          limit ${sql.lit(FORGOTTEN_AT_ONCE)})
        returning app_id`.execute(db)
      return rows.length
    },

    async insertAuditEntry(entry) {
      await db.insertInto('audit_entries').values(toAuditRow(entry)).execute()
    },

    async listAuditEntries(appId, { limit, before, actor, action }) {
      const rows = await db
        .selectFrom('audit_entries')
        .selectAll()
        .where('app_id', '=', appId)
        .$if(actor !== undefined, (query) => query.where('actor', '=', storable(actor ?? '')))
        .$if(action !== undefined, (query) => query.where('action', '=', action ?? ''))
        .$if(before !== undefined, (query) =>
          query.where(
            'position',
            '<',
            sql<number>`(select position from audit_entries
              where app_id = ${appId} and id = ${storable(before ?? '')})`,
          ),
        )
        .orderBy('position', 'desc')
        .limit(limit)
        .execute()
      return rows.map(fromAuditRow)
    },
  }
}

function toAppRow(app: App): AppsTable {
  return {
    id: app.id,
    app: app.identity,
    home_id: app.homeId,
    name: app.name === null ? null : storable(app.name),
    product_code: app.productCode,
    seller_id: app.sellerId,
    created_at: app.createdAt,
    updated_at: app.updatedAt,
    retired_at: app.retiredAt,
  }
}

function fromAppRow(row: AppsTable): App {
  return {
    id: row.id,
    homeId: row.home_id,
    identity: row.app,
    name: row.name,
    productCode: row.product_code,
    sellerId: row.seller_id,
    createdAt: toInstant(row.created_at),
    updatedAt: toInstant(row.updated_at),
    retiredAt: instant(row.retired_at),
  }
}

function toCredentialRow(credential: StoredCredential): CredentialsTable {
  const { alipay } = credential
  return {
    id: credential.id,
    app_id: credential.appId,
    status: credential.status,
    sign_type: credential.signType,
    application_public_key: credential.applicationPublicKey,
    alipay: alipay && JSON.stringify(alipay),
    private_key: credential.sealedPrivateKey,
    encrypt_key: credential.sealedEncryptKey,
    created_at: credential.createdAt,
    verified_at: credential.verifiedAt,
    activated_at: credential.activatedAt,
    retired_at: credential.retiredAt,
  }
}

function fromCredentialRow(row: CredentialsTable): StoredCredential {
  return {
    id: row.id,
    appId: row.app_id,
    status: row.status as StoredCredential['status'],
    signType: row.sign_type as StoredCredential['signType'],
    applicationPublicKey: row.application_public_key,
    alipay: row.alipay === null ? null : (JSON.parse(row.alipay) as StoredCredential['alipay']),
    isEncrypted: row.encrypt_key !== null,
    sealedPrivateKey: row.private_key,
    sealedEncryptKey: row.encrypt_key,
    createdAt: toInstant(row.created_at),
    verifiedAt: instant(row.verified_at),
    activatedAt: instant(row.activated_at),
    retiredAt: instant(row.retired_at),
  }
}

function toApiKeyRow(key: ApiKey): ApiKeysTable {
  return {
    id: key.id,
    app_id: key.appId,
    name: storable(key.name),
    hash: key.hash,
    hint: key.hint,
    scopes: key.scopes === '*' ? '*' : key.scopes.join(','),
    created_at: key.createdAt,
    last_used_at: key.lastUsedAt,
    expires_at: key.expiresAt,
    revoked_at: key.revokedAt,
  }
}

function fromApiKeyRow(row: ApiKeysTable): ApiKey {
  return {
    id: row.id,
    appId: row.app_id,
    name: row.name,
    hash: row.hash,
    hint: row.hint,
    scopes: row.scopes === '*' ? '*' : (row.scopes.split(',') as Scope[]),
    createdAt: toInstant(row.created_at),
    lastUsedAt: instant(row.last_used_at),
    expiresAt: instant(row.expires_at),
    revokedAt: instant(row.revoked_at),
  }
}

function toAuditRow(entry: AuditEntry): Omit<Selectable<AuditEntriesTable>, 'position'> {
  return {
    id: entry.id,
    app_id: entry.appId,
    at: entry.at,
    actor: entry.actor,
    actor_name: entry.actorName === null ? null : storable(entry.actorName),
    action: entry.action,
    object_id: entry.objectId === null ? null : storable(entry.objectId),
    detail: storable(JSON.stringify(entry.detail)),
    request_id: entry.requestId,
    address: entry.address,
  }
}

function fromAuditRow(row: Selectable<AuditEntriesTable>): AuditEntry {
  return {
    id: row.id,
    appId: row.app_id,
    at: toInstant(row.at),
    actor: row.actor,
    actorName: row.actor_name,
    action: row.action,
    objectId: row.object_id,
    detail: JSON.parse(row.detail) as AuditEntry['detail'],
    requestId: row.request_id,
    address: row.address,
  }
}

function instant(value: number | null): Instant | null {
  return value === null ? null : toInstant(value)
}
