/**
 * The store of alarms as queries, one text for SQLite and PostgreSQL.
 *
 * @module
 */

import { sql, type RawBuilder } from 'kysely'
import {
  isAlarmKind,
  type AlarmFilter,
  type AlarmKind,
  type AlarmStore,
  type StoredChannel,
} from '../alarms/index.ts'
import { toInstant } from '../alipay/index.ts'
import type { Compilable, StoreDatabase } from './database.ts'
import { storable } from './payment-rows.ts'
import type { AlarmChannelsTable, AlarmDeliveriesTable } from './schema.ts'

/** Makes the store of alarms on a database whose schema is up to date. */
export function createAlarmStore(database: StoreDatabase): AlarmStore {
  const { db, app } = database
  const now = () => database.now()

  const run = async <Row>(statement: RawBuilder<unknown>): Promise<Row[]> =>
    (await statement.execute(db)).rows as Row[]

  const atomically = async (...statements: readonly RawBuilder<unknown>[]) => {
    const compilable = statements.map((statement): Compilable => {
      return { compile: () => statement.compile(db) }
    })
    return (await database.atomically(compilable)).map(({ rows }) => rows)
  }

  return {
    async insertChannel(channel, max) {
      const row = toRow(channel, app)
      const inserted = await run(sql`insert into alarm_channels
        (id, app, type, name, hint, kinds, status, settings, created_at, updated_at)
        select ${sql.join([
          row.id,
          row.app,
          row.type,
          row.name,
          row.hint,
          row.kinds,
          row.status,
          row.settings,
        ])}, cast(${row.created_at} as bigint), cast(${row.updated_at} as bigint)
        where (select count(*) from alarm_channels where app = ${app}) < ${sql.lit(max)}
        returning id`)
      return inserted.length > 0
    },
    async findChannel(id) {
      const [row] = await run<AlarmChannelsTable>(
        sql`select * from alarm_channels where app = ${app} and id = ${id}`,
      )
      return row && fromRow(row)
    },
    async listChannels() {
      const rows = await run<AlarmChannelsTable>(
        sql`select * from alarm_channels where app = ${app} order by created_at, id`,
      )
      return rows.map(fromRow)
    },
    async updateChannel(channel) {
      const { type, name, hint, kinds, status, settings, updated_at } = toRow(channel, app)
      const updated = await run(sql`update alarm_channels
        set type = ${type}, name = ${name}, hint = ${hint}, kinds = ${kinds},
          status = ${status}, settings = ${settings}, updated_at = ${updated_at}
        where app = ${app} and id = ${channel.id} returning id`)
      return updated.length > 0
    },
    async deleteChannel(id) {
      const [deleted = []] = await atomically(
        sql`delete from alarm_channels where app = ${app} and id = ${id} returning id`,
        sql`delete from alarm_deliveries where app = ${app} and channel_id = ${id}`,
      )
      return deleted.length > 0
    },

    async raise({ id, kind, about, text, at }) {
      const [raised = []] = await atomically(
        sql`insert into alarms (id, app, kind, about, text, at)
          values (${id}, ${app}, ${kind}, ${storable(about)}, ${storable(text)}, ${at})
          on conflict (app, kind, about) do nothing returning id`,
        sql`insert into alarm_deliveries
          (id, app, alarm_id, channel_id, kind, status, attempts, due_at, leased_until)
          select a.id || '_' || c.id, a.app, a.id, c.id, a.kind, 'pending', 0, ${now()}, 0
          from alarms a join alarm_channels c on c.app = a.app
          where a.id = ${id} and c.status = 'enabled'
            and (c.kinds = '*' or c.kinds like ${`%,${kind},%`})`,
      )
      return raised.length > 0
    },

    async claimDue({ token, leaseMs, throttleMs, limit }) {
      const until = sql`${now()} + ${sql.lit(leaseMs)}`
      const claimed = await run<Pick<AlarmDeliveriesTable, 'id'>>(sql`update alarm_deliveries
        set lease_token = ${token}, leased_until = ${until}, due_at = ${until}
        where due_at <= ${now()} and id in (
          select d.id from alarm_deliveries d
          where d.app = ${app} and d.due_at <= ${now()} and not exists (
            select 1 from alarm_deliveries o
            where o.channel_id = d.channel_id and o.kind = d.kind
              and (o.told_at > ${now()} - ${sql.lit(throttleMs)} or o.leased_until > ${now()})
          ) order by d.due_at limit ${sql.lit(limit)})
        returning id`)
      if (claimed.length === 0) return []
      const rows = await run<{
        id: string
        channel_id: string
        kind: AlarmKind
        text: string
        at: number
        attempts: number
      }>(sql`select d.id, d.channel_id, d.kind, a.text, a.at, d.attempts
        from alarm_deliveries d join alarms a on a.id = d.alarm_id
        where d.id in (${sql.join(claimed.map(({ id }) => id))}) order by a.at, a.id`)
      return rows.map(({ id, channel_id, at, ...row }) => ({
        ...row,
        deliveryId: id,
        channelId: channel_id,
        at: toInstant(at),
      }))
    },

    async settle({ token, deliveryIds, error, againInMs }) {
      const status = error === null ? 'told' : againInMs === null ? 'failed' : 'pending'
      const toldAt = error === null ? now() : sql`null`
      const dueAt = againInMs === null ? sql`null` : sql`${now()} + ${sql.lit(againInMs)}`
      await run(sql`update alarm_deliveries
        set status = ${status}, attempts = attempts + 1, error = ${error}, told_at = ${toldAt},
          due_at = ${dueAt}, lease_token = null, leased_until = 0
        where lease_token = ${token} and id in (${sql.join(deliveryIds)}) returning id`)
    },
  }
}

function toRow(channel: StoredChannel, app: string): AlarmChannelsTable {
  return {
    id: channel.id,
    app,
    type: channel.type,
    name: storable(channel.name),
    hint: storable(channel.hint),
    kinds: channel.kinds === '*' ? '*' : `,${channel.kinds.join()},`,
    status: channel.status,
    settings: channel.sealedSettings,
    created_at: channel.createdAt,
    updated_at: channel.updatedAt,
  }
}

function fromRow(row: AlarmChannelsTable): StoredChannel {
  return {
    id: row.id,
    type: row.type as StoredChannel['type'],
    name: row.name,
    hint: row.hint,
    kinds: parseKinds(row.kinds),
    status: row.status as StoredChannel['status'],
    sealedSettings: row.settings,
    createdAt: toInstant(row.created_at),
    updatedAt: toInstant(row.updated_at),
  }
}

/** Kinds of a later release are passed over. */
function parseKinds(text: string): AlarmFilter {
  return text === '*' ? '*' : text.split(',').filter(isAlarmKind)
}
