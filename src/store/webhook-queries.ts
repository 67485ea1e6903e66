/**
 * The store of webhooks as queries, one text for SQLite and PostgreSQL but for a few words. Where
 * one statement depends on what another has left, both look at the same rows: on SQLite a
 * transaction has the database for itself, on PostgreSQL it locks the endpoint's row first.
 *
 * @module
 */

import { sql, type Expression, type RawBuilder, type Selectable, type SqlBool } from 'kysely'
import { addMs, toInstant, type Instant } from '../alipay/index.ts'
import {
  ATTEMPTS_LISTED_MAX,
  formatTypeFilter,
  KeptSecrets,
  parseTypeFilter,
  type AttemptCommit,
  type ClaimedDelivery,
  type DeliveryAttempt,
  type DeliveryClaim,
  type DeliveryRange,
  type EndpointChange,
  type WebhookDelivery,
  type WebhookEndpoint,
  type WebhookStore,
} from '../webhooks/index.ts'
import type { Compilable, StoreDatabase } from './database.ts'
import { storable } from './payment-rows.ts'
import type {
  EventsTable,
  WebhookAttemptsTable,
  WebhookDeliveriesTable,
  WebhookEndpointsTable,
} from './schema.ts'

/** Events that one transaction of `recover` makes due. */
const RECOVERED_AT_ONCE = 500

/** Deliveries that one transaction of `deleteEndpoint` removes. */
const DELETED_AT_ONCE = 500

/** Makes the store of webhooks on a database whose schema is up to date. */
export function createWebhookStore(database: StoreDatabase): WebhookStore {
  const { db, app, kind } = database

  const now = (): Expression<number> => database.now()

  const run = async <Row>(statement: RawBuilder<unknown>): Promise<Row[]> =>
    (await statement.execute(db)).rows as Row[]

  const atomically = async (statements: readonly RawBuilder<unknown>[]): Promise<unknown[][]> => {
    const compilable = statements.map((statement): Compilable => {
      return { compile: () => statement.compile(db) }
    })
    return (await database.atomically(compilable)).map(({ rows }) => rows)
  }

  /** Others that change these endpoints, or lock them to change them, wait until this is over. */
  const lock = (
    strength: 'no key update' | 'share',
    ...endpointIds: readonly string[]
  ): RawBuilder<unknown>[] =>
    kind === 'sqlite'
      ? []
      : [
          sql`select id from webhook_endpoints where id in (${sql.join(endpointIds)})
            order by id for ${sql.raw(strength)}`,
        ]

  const endpointColumns = (): RawBuilder<unknown> => sql`*, case
    when paused_until > ${now()} then paused_until - ${now()} else 0 end as paused_for_ms`

  const findEndpoint = async (id: string): Promise<WebhookEndpoint | undefined> => {
    const [row] = await run<EndpointRow>(
      sql`select ${endpointColumns()} from webhook_endpoints where app = ${app} and id = ${id}`,
    )
    return row === undefined ? undefined : fromEndpointRow(row)
  }

  /** Leases run out within the longest of them, which is where the index finds them. */
  const inFlight = (endpointId: Expression<string> | string, leaseMs: number) =>
    sql<number>`(select count(*) from webhook_deliveries
      where app = ${app} and endpoint_id = ${endpointId} and lease_token is not null
        and due_at > ${now()} and due_at <= ${now()} + ${sql.lit(leaseMs)})`

  const claimStatement = (
    endpointId: string,
    share: number,
    { lease, inFlightMax, failing }: DeliveryClaim,
  ): RawBuilder<unknown> => {
    const due = sql`select id from webhook_deliveries
      where app = ${app} and endpoint_id = ${endpointId} and due_at <= ${now()}
      order by due_at, created_at
      limit coalesce((
        select case when places <= 0 then 0 when places < ${sql.lit(share)} then places
          else ${sql.lit(share)} end
        from (
          select case when failures >= ${sql.lit(failing.failures)}
            then ${sql.lit(failing.inFlightMax)} else ${sql.lit(inFlightMax)} end
            - ${inFlight(endpointId, lease.ms)} as places
          from webhook_endpoints
          where id = ${endpointId} and status = 'enabled' and paused_until <= ${now()}
        ) as room
      ), 0)`
    // As an array it is looked for once, and not again for each row that it is compared to.
    const chosen =
      kind === 'sqlite' ? sql`in (${due})` : sql`= any(array(${due} for update skip locked))`
    const until = sql`${now()} + ${sql.lit(lease.ms)}`
    return sql`update webhook_deliveries
      set lease_token = ${lease.token}, leased_until = ${until}, due_at = ${until}
      where id ${chosen}
      returning id, endpoint_id, event_id, attempts, created_at`
  }

  const claimDue = async (claim: DeliveryClaim): Promise<ClaimedDelivery[]> => {
    const ready = await run<EndpointRow & { in_flight: number }>(
      sql`select ${endpointColumns()},
        ${inFlight(sql.ref('webhook_endpoints.id'), claim.lease.ms)} as in_flight
      from webhook_endpoints
      where app = ${app} and status = 'enabled' and paused_until <= ${now()} and (
        select min(due_at) from webhook_deliveries as delivery
        where delivery.app = ${app} and delivery.endpoint_id = webhook_endpoints.id
          and delivery.due_at is not null
      ) <= ${now()}`,
    )
    const shares = share(ready, claim)
    if (shares.size === 0) return []
    const rows = await atomically([
      ...lock('no key update', ...shares.keys()),
      ...[...shares].map(([id, places]) => claimStatement(id, places, claim)),
    ])
    const claimed = rows.slice(-shares.size).flat() as ClaimedRow[]
    if (claimed.length === 0) return []
    const events = await run<EventRow>(
      sql`select position, id, type, sequence, created_at, data from events
      where app = ${app} and id in (${sql.join(claimed.map(({ event_id }) => event_id))})`,
    )
    const eventById = new Map(events.map((event) => [event.id, event]))
    const endpointById = new Map(ready.map((row) => [row.id, fromEndpointRow(row)]))
    return claimed
      .map((row) => ({ row, event: eventById.get(row.event_id) }))
      .sort((a, b) => (a.event?.position ?? 0) - (b.event?.position ?? 0))
      .map(({ row, event }) => ({
        id: row.id,
        attempts: row.attempts,
        createdAt: toInstant(row.created_at),
        endpoint: endpointById.get(row.endpoint_id) as WebhookEndpoint,
        event: event === undefined ? null : fromEventRow(event),
      }))
  }

  const settleAttempt = async (commit: AttemptCommit): Promise<'settled' | 'outdated'> => {
    const { deliveryId, lease, result, believed, settlement } = commit
    const { delivery, endpoint } = settlement
    const isBelieved = sql<SqlBool>`id = ${believed.id} and app = ${app}
      and status = ${believed.status} and url = ${believed.url}
      and failures = ${believed.failures}
      and coalesce(failing_since, -1) = ${believed.failingSince ?? -1}`
    const ifBelieved = sql`and exists (select 1 from webhook_endpoints where ${isBelieved})`
    const end = addMs(result.at, result.durationMs)
    // Whoever has the lease now schedules; but what was delivered needs no schedule.
    const isOurs =
      delivery.status === 'succeeded'
        ? sql`(lease_token = ${lease.token} or status = 'pending')`
        : sql`lease_token = ${lease.token}`
    const statements = [
      ...lock(endpoint === null ? 'share' : 'no key update', believed.id),
      sql`insert into webhook_attempts (delivery_id, at, duration_ms, status, error, answer)
        select id, cast(${result.at} as bigint), cast(${result.durationMs} as integer),
          cast(${result.status} as integer), cast(${storableOrNull(result.error)} as text),
          cast(${storableOrNull(result.answer)} as text)
        from webhook_deliveries where id = ${deliveryId} and app = ${app} ${ifBelieved}`,
      sql`update webhook_deliveries
        set status = ${delivery.status}, attempts = attempts + 1,
          finished_at = ${delivery.status === 'pending' ? null : end},
          due_at = ${delivery.dueInMs === null ? null : after(now(), delivery.dueInMs)},
          lease_token = null, leased_until = 0
        where id = ${deliveryId} and app = ${app} and ${isOurs} ${ifBelieved}`,
    ]
    if (settlement.wakesWaiting) {
      // In the order in which they happened; those that were never tried are in it already.
      statements.push(sql`update webhook_deliveries set due_at = ${dueSince('created_at', now())}
        where app = ${app} and endpoint_id = ${believed.id} and due_at > created_at
          and attempts > 0 and lease_token is null ${ifBelieved}`)
    }
    statements.push(
      endpoint === null
        ? sql`select id from webhook_endpoints where ${isBelieved}`
        : sql`update webhook_endpoints
            set status = ${endpoint.status}, disabled_reason = ${endpoint.disabledReason},
              failures = ${endpoint.failures}, failing_since = ${endpoint.failingSince},
              paused_until = ${pausedUntil(now(), endpoint.pausedForMs)}
            where ${isBelieved} returning id`,
    )
    const rows = await atomically(statements)
    return rows.at(-1)?.length === 1 ? 'settled' : 'outdated'
  }

  /** Makes events due for endpoints, whether there are deliveries of them yet or not. */
  const makeDue = (events: RawBuilder<unknown>, except: RawBuilder<unknown>) => {
    const place = kind === 'sqlite' ? sql`instr` : sql`strpos`
    return sql`insert into webhook_deliveries
      (id, app, endpoint_id, event_id, status, attempts, created_at, due_at, leased_until)
      select 'whd_' || substr(event.id, 5) || '_' || substr(endpoint.id, 5), event.app,
        endpoint.id, event.id, 'pending', 0, event.created_at,
        ${dueSince('event.created_at', now())}, 0
      from events as event join webhook_endpoints as endpoint on endpoint.app = event.app
      where event.app = ${app} and endpoint.status = 'enabled' and ${events}
        and (endpoint.types = '*' or ${place}(endpoint.types, ',' || event.type || ',') > 0)
      on conflict (event_id, endpoint_id) do update
      set status = 'pending', attempts = 0, finished_at = null, due_at = excluded.due_at,
        lease_token = null, leased_until = 0
      where webhook_deliveries.leased_until <= ${now()} and ${except}
      returning id`
  }

  return {
    async insertEndpoint(endpoint, max) {
      const inserted = await run(
        sql`insert into webhook_endpoints (id, app, url, description, types, status,
          disabled_reason, secrets, failing_since, failures, paused_until, created_at, updated_at)
        select ${text(endpoint.id)}, ${text(app)}, ${text(endpoint.url)},
          ${text(endpoint.description)}, ${text(formatTypeFilter(endpoint.types))},
          ${text(endpoint.status)}, ${text(endpoint.disabledReason)},
          ${text(endpoint.secrets.kept)}, cast(${endpoint.failingSince} as bigint),
          cast(${endpoint.failures} as integer), ${pausedUntil(now(), endpoint.pausedForMs)},
          cast(${endpoint.createdAt} as bigint), cast(${endpoint.updatedAt} as bigint)
        where (select count(*) from webhook_endpoints where app = ${app}) < ${max}
        returning id`,
      )
      return inserted.length === 1 ? 'inserted' : 'too_many'
    },

    findEndpoint,

    async listEndpoints() {
      const rows = await run<EndpointRow>(
        sql`select ${endpointColumns()} from webhook_endpoints
        where app = ${app} order by created_at, id`,
      )
      return rows.map(fromEndpointRow)
    },

    async updateEndpoint(id, change, believed) {
      const isBelieved = believed === undefined ? sql`` : sql`and secrets = ${believed.kept}`
      const updated = await run(
        sql`update webhook_endpoints set ${sql.join(setsOf(change, now()))}
        where app = ${app} and id = ${id} ${isBelieved} returning id`,
      )
      const endpoint = await findEndpoint(id)
      return endpoint !== undefined && updated.length === 0 ? 'outdated' : endpoint
    },

    async deleteEndpoint(id) {
      const disabled = await run(
        sql`update webhook_endpoints
        set status = 'disabled', disabled_reason = coalesce(disabled_reason, 'merchant')
        where app = ${app} and id = ${id} returning id`,
      )
      if (disabled.length === 0) return false
      const some = sql`(select id from webhook_deliveries
        where app = ${app} and endpoint_id = ${id} order by id limit ${sql.lit(DELETED_AT_ONCE)})`
      for (;;) {
        const [, deleted = []] = await atomically([
          sql`delete from webhook_attempts where delivery_id in ${some}`,
          sql`delete from webhook_deliveries where id in ${some} returning id`,
        ])
        if (deleted.length < DELETED_AT_ONCE) break
      }
      await run(sql`delete from webhook_endpoints where app = ${app} and id = ${id}`)
      return true
    },

    claimDue,
    settleAttempt,

    async listDeliveries(endpointId, { limit, before, status }: DeliveryRange) {
      const rows = await run<DeliveryRow>(
        sql`select delivery.*, event.type as type, case when due_at > ${now()}
          then due_at - ${now()} when due_at is not null then 0 end as due_in_ms
        from webhook_deliveries as delivery left join events as event
          on event.id = delivery.event_id
        where delivery.app = ${app} and delivery.endpoint_id = ${endpointId}
          ${status === undefined ? sql`` : sql`and delivery.status = ${status}`}
          ${
            before === undefined
              ? sql``
              : sql`and (delivery.created_at, delivery.id) < (
                  select created_at, id from webhook_deliveries
                  where app = ${app} and id = ${before})`
          }
        order by delivery.created_at desc, delivery.id desc limit ${limit}`,
      )
      if (rows.length === 0) return []
      const attempts = await run<AttemptRow>(
        sql`select * from (
          select webhook_attempts.*, row_number() over (
            partition by delivery_id order by position desc) as age
          from webhook_attempts where delivery_id in (${sql.join(rows.map(({ id }) => id))})
        ) as attempt where age <= ${sql.lit(ATTEMPTS_LISTED_MAX)} order by position`,
      )
      return rows.map((row) => {
        const log = attempts.filter(({ delivery_id }) => delivery_id === row.id)
        return fromDeliveryRow(row, log.map(fromAttemptRow))
      })
    },

    async redeliver(deliveryId) {
      const [delivery] = await run<{ endpoint_id: string }>(
        sql`select endpoint_id from webhook_deliveries
        where app = ${app} and id = ${deliveryId}`,
      )
      if (delivery === undefined) return 'not_found'
      const { endpoint_id: endpointId } = delivery
      const rows = await atomically([
        ...lock('no key update', endpointId),
        sql`update webhook_endpoints set paused_until = 0
          where id = ${endpointId} and status = 'enabled' returning id`,
        sql`update webhook_deliveries set status = 'pending', attempts = 0, finished_at = null,
            due_at = 0, lease_token = null, leased_until = 0
          where id = ${deliveryId} and leased_until <= ${now()} and exists (
            select 1 from webhook_endpoints where id = ${endpointId} and status = 'enabled')
          returning id`,
      ])
      const [enabled = [], due = []] = rows.slice(-2)
      return enabled.length === 0 ? 'endpoint_disabled' : due.length === 0 ? 'in_flight' : 'due'
    },

    async recover(endpointId, since) {
      let count = 0
      let after = sql`created_at >= ${since}`
      for (;;) {
        const page = await run<{ id: string; created_at: number }>(
          sql`select id, created_at from events where app = ${app} and ${after}
          order by created_at, id limit ${sql.lit(RECOVERED_AT_ONCE)}`,
        )
        const last = page.at(-1)
        if (last === undefined) return count
        const ids = sql.join(page.map(({ id }) => id))
        const events = sql`event.id in (${ids}) and endpoint.id = ${endpointId}`
        const missed = sql`webhook_deliveries.status <> 'succeeded'`
        const rows = await atomically([
          ...lock('no key update', endpointId),
          makeDue(events, missed),
        ])
        count += rows.at(-1)?.length ?? 0
        if (page.length < RECOVERED_AT_ONCE) return count
        after = sql`(created_at, id) > (${last.created_at}, ${last.id})`
      }
    },

    async resend(eventId) {
      const events = await run(sql`select id from events where app = ${app} and id = ${eventId}`)
      if (events.length === 0) return undefined
      return (await run(makeDue(sql`event.id = ${eventId}`, sql`1 = 1`))).length
    },
  }
}

/** Deals places out in turns, so that few of them go round: first to those that have the fewest. */
function share(
  ready: readonly (EndpointRow & { in_flight: number })[],
  { limit, inFlightMax, failing }: DeliveryClaim,
): Map<string, number> {
  const hungriest = ready.toSorted((a, b) => a.in_flight - b.in_flight)
  const shares = new Map<string, number>()
  let left = limit
  for (let turn = 1; turn <= inFlightMax && left > 0; turn++) {
    for (const { id, failures, in_flight: inFlight } of hungriest) {
      const max = failures >= failing.failures ? failing.inFlightMax : inFlightMax
      if (left === 0 || turn > max - inFlight) continue
      shares.set(id, turn)
      left--
    }
  }
  return shares
}

type EndpointRow = Selectable<WebhookEndpointsTable> & { readonly paused_for_ms: number }

type ClaimedRow = Pick<
  Selectable<WebhookDeliveriesTable>,
  'id' | 'endpoint_id' | 'event_id' | 'attempts' | 'created_at'
>

type EventRow = Pick<
  Selectable<EventsTable>,
  'position' | 'id' | 'type' | 'sequence' | 'created_at' | 'data'
>

type DeliveryRow = Selectable<WebhookDeliveriesTable> & {
  readonly type: string | null
  readonly due_in_ms: number | null
}

type AttemptRow = Selectable<WebhookAttemptsTable>

function fromEndpointRow(row: EndpointRow): WebhookEndpoint {
  return {
    id: row.id,
    url: row.url,
    description: row.description,
    types: parseTypeFilter(row.types),
    status: row.status as WebhookEndpoint['status'],
    disabledReason: row.disabled_reason as WebhookEndpoint['disabledReason'],
    secrets: new KeptSecrets(row.secrets),
    failures: row.failures,
    failingSince: instant(row.failing_since),
    pausedForMs: row.paused_for_ms,
    createdAt: toInstant(row.created_at),
    updatedAt: toInstant(row.updated_at),
  }
}

function fromEventRow(row: EventRow): NonNullable<ClaimedDelivery['event']> {
  const { id, type, data } = row
  return {
    id,
    type,
    data,
    sequence: row.sequence,
    createdAt: toInstant(row.created_at),
  }
}

function fromDeliveryRow(row: DeliveryRow, log: readonly DeliveryAttempt[]): WebhookDelivery {
  return {
    id: row.id,
    endpointId: row.endpoint_id,
    eventId: row.event_id,
    type: row.type,
    status: row.status as WebhookDelivery['status'],
    attempts: row.attempts,
    createdAt: toInstant(row.created_at),
    finishedAt: instant(row.finished_at),
    dueInMs: row.due_in_ms,
    log,
  }
}

function fromAttemptRow(row: AttemptRow): DeliveryAttempt {
  const { status, error, answer } = row
  return { at: toInstant(row.at), durationMs: row.duration_ms, status, error, answer }
}

/** What an update sets. */
function setsOf(change: EndpointChange, now: Expression<number>): RawBuilder<unknown>[] {
  const { url, description, types, status, disabledReason, secrets } = change
  const { failures, failingSince, pausedForMs, updatedAt } = change
  return [
    sql`updated_at = ${updatedAt}`,
    ...(url === undefined ? [] : [sql`url = ${url}`]),
    ...(description === undefined ? [] : [sql`description = ${description}`]),
    ...(types === undefined ? [] : [sql`types = ${formatTypeFilter(types)}`]),
    ...(status === undefined ? [] : [sql`status = ${status}`]),
    ...(disabledReason === undefined ? [] : [sql`disabled_reason = ${disabledReason}`]),
    ...(secrets === undefined ? [] : [sql`secrets = ${secrets.kept}`]),
    ...(failures === undefined ? [] : [sql`failures = ${failures}`]),
    ...(failingSince === undefined ? [] : [sql`failing_since = ${failingSince}`]),
    ...(pausedForMs === undefined ? [] : [sql`paused_until = ${pausedUntil(now, pausedForMs)}`]),
  ]
}

function pausedUntil(now: Expression<number>, pausedForMs: number): RawBuilder<number> {
  return pausedForMs > 0 ? after(now, pausedForMs) : sql`0`
}

function after(now: Expression<number>, ms: number): RawBuilder<number> {
  return sql`${now} + ${sql.lit(Math.round(ms))}`
}

/** Due at once, and in the order of the instants in a column. */
function dueSince(column: string, now: Expression<number>): RawBuilder<number> {
  const instants = sql.ref(column)
  return sql`case when ${instants} < ${now} then ${instants} else ${now} end`
}

/** PostgreSQL has to be told the type of what is selected and not compared to anything. */
function text(value: string | null): RawBuilder<string> {
  return sql`cast(${value} as text)`
}

function instant(value: number | null): Instant | null {
  return value === null ? null : toInstant(value)
}

function storableOrNull(value: string | null): string | null {
  return value === null ? null : storable(value)
}
