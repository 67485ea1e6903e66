/**
 * The looks for what is due go by an index, however many deliveries are kept: asked of the
 * databases themselves.
 *
 * @module
 */
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type QueryResult,
} from 'kysely'
import { describe, expect, test } from 'vitest'
import type { StoreDatabase } from '../../src/store/database.ts'
import type { Schema } from '../../src/store/schema.ts'
import { createWebhookStore } from '../../src/store/webhook-queries.ts'
import { BREAKER_FAILURES, IN_FLIGHT_MAX } from '../../src/webhooks/index.ts'
import { storeKinds, type StoreKind } from '../store/opened-stores.ts'
import { lease } from '../store/payments-to-store.ts'

const NOW = 1_795_400_000_000
const SERIES = {
  sqlite: `with recursive series(i) as (select 1 union all select i + 1 from series where i < 5000)
    select i from series`,
  postgresql: 'select i from generate_series(1, 5000) as series(i)',
}

const ENDPOINTS = Array.from({ length: 10 }, (_, e) => `select ${e} as e`).join(' union all ')

/** A line of a plan that reads deliveries, and those that may: by endpoint, or by their keys. */
const READS = {
  sqlite: /(?:SCAN|SEARCH) (?:webhook_deliveries|delivery)\b/,
  postgresql: /Seq Scan on webhook_deliveries|Index Cond/,
}
const ALLOWED = {
  sqlite: /webhook_deliveries_due \(app=\? AND endpoint_id=\?|\(id=\?\)/,
  postgresql: /\(app = .* AND \(endpoint_id = |\(id = ANY/,
}

describe.each(storeKinds)('on $kind', (kind) => {
  test('claims read the index of what is due, and no delivery besides', async () => {
    const opened = await kind.open()
    const query = (statement: string) => opened.query(statement)
    await query(
      `insert into webhook_deliveries (id, app, endpoint_id, event_id, status, attempts,
        created_at, due_at, leased_until)
       select 'whd_' || i || '_' || e, 'default', 'whe_' || e, 'evt_' || i, 'pending', 0, ${NOW},
        case when i % 10 = 0 then ${NOW} + i end, 0
       from (${SERIES[kind.kind]}) as series cross join (${ENDPOINTS}) as endpoints`,
    )
    await query('analyze')
    const statements = await claimStatements(kind.kind)
    expect(statements).toHaveLength(2)
    for (const statement of statements) {
      const explain = kind.kind === 'sqlite' ? 'explain query plan ' : 'explain '
      const plan = (await query(explain + statement)).map((row) => Object.values(row).join(' '))
      const reads = plan.filter((line) => READS[kind.kind].test(line))
      expect(reads.length).toBeGreaterThan(0)
      expect(reads.filter((line) => !ALLOWED[kind.kind].test(line))).toEqual([])
    }
  })
})

/** The statements of a claim, with their values written into them. */
async function claimStatements(kind: StoreKind['kind']): Promise<string[]> {
  const asked: CompiledQuery[] = []
  const endpoint = { id: 'whe_1', types: '*', failures: 0, in_flight: 0, secrets: '[]' }
  const connection: DatabaseConnection = {
    executeQuery: async <Row>(compiled: CompiledQuery): Promise<QueryResult<Row>> => {
      asked.push(compiled)
      return { rows: (asked.length === 1 ? [endpoint] : []) as Row[] }
    },
    streamQuery: () => {
      throw new Error('Nobody asks for streams')
    },
  }
  class Recorder extends DummyDriver {
    override acquireConnection = async (): Promise<DatabaseConnection> => connection
  }
  const isSqlite = kind === 'sqlite'
  const db = new Kysely<Schema>({
    dialect: {
      createDriver: () => new Recorder(),
      createAdapter: () => (isSqlite ? new SqliteAdapter() : new PostgresAdapter()),
      createIntrospector: (database) =>
        isSqlite ? new SqliteIntrospector(database) : new PostgresIntrospector(database),
      createQueryCompiler: () =>
        isSqlite ? new SqliteQueryCompiler() : new PostgresQueryCompiler(),
    },
  })
  const database: StoreDatabase = {
    kind,
    app: 'default',
    db,
    now: () => sql<number>`(select ${sql.lit(NOW)})`,
    atomically: async (statements) => {
      asked.push(...statements.map((statement) => statement.compile()))
      return statements.map(() => ({ rows: [] }))
    },
  }
  await createWebhookStore(database).claimDue({
    limit: 100,
    lease: lease(),
    inFlightMax: IN_FLIGHT_MAX,
    failing: { failures: BREAKER_FAILURES, inFlightMax: 1 },
  })
  return asked.map(inlined).filter((text) => text.includes('webhook_deliveries'))
}

function inlined({ sql: text, parameters }: CompiledQuery): string {
  let index = 0
  return text.replace(/\?|\$\d+/g, () => {
    const value = parameters[index++]
    return typeof value === 'number' ? String(value) : `'${String(value)}'`
  })
}
