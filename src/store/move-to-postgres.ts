/**
 * Moves a SQLite file to PostgreSQL. Killed at any moment, it goes on where it was; and at no
 * moment can both be served, so that nothing is sold twice and nothing is forgotten.
 *
 * The row of `moves` on either side says how far it is:
 *
 * | SQLite   | PostgreSQL | who is served | a further run                               |
 * | -------- | ---------- | ------------- | ------------------------------------------- |
 * | –        | –          | SQLite        | begins                                      |
 * | `moving` | `moving`   | SQLite        | goes on after the last batch                |
 * | –        | `moving`   | SQLite        | begins again: the file was served meanwhile |
 * | `moved`  | `moving`   | nobody        | finishes                                    |
 * | `moved`  | `moved`    | PostgreSQL    | has nothing to do                           |
 *
 * @module
 */

import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { systemClock } from '../alipay/index.ts'
import { openDatabase, type DatabaseSync, type StatementSync } from './database-sync.ts'
import { migrate } from './migrations.ts'
import { MOVED_TABLES, ownedBy, type MovedTable } from './moved-tables.ts'
import { transactionKysely } from './postgres-dialect.ts'
import { PostgresHosts } from './postgres-hosts.ts'
import { setPragmas, wakeAll } from './sqlite.ts'
import { directKysely } from './sqlite-dialect.ts'
import { ownFile } from './sqlite-ownership.ts'

/** Where a process may die while it moves. */
export type MoveCrashPoint = 'move-begun' | 'move-batch' | 'move-verified' | 'move-sealed'

/** What is moved, and where to. */
export interface MoveOptions {
  /** Path of the SQLite file. */
  readonly file: string
  /** As of `openPostgresStore`. */
  readonly url: string
  /** Is told how many rows of a table are there. Default: nobody is. */
  readonly onProgress?: (progress: TableCount) => void
  readonly crashPoint?: (point: MoveCrashPoint) => void
}

/** Rows of one table. */
export interface TableCount {
  readonly table: string
  readonly rows: number
}

/** What was moved. */
export interface MoveResult {
  /** Whose payments they are: modes and applications. */
  readonly apps: readonly string[]
  /** Rows that are the same on both sides, by count and SHA-256. */
  readonly tables: readonly TableCount[]
  /** Whether an earlier run had finished it. */
  readonly wasMoved: boolean
}

/** PostgreSQL holds rows of the same application already: moving would mix two histories. */
export class MoveTargetTaken extends Error {
  readonly code = 'ERR_MOVE_TARGET_TAKEN'
  readonly outcome = 'not_applied'

  constructor(table: string) {
    super(
      `PostgreSQL holds rows of this application already (table ${table}), such as a server makes that is started there. Name a database in which there are none.`,
    )
    this.name = 'MoveTargetTaken'
  }
}

/** What came out at PostgreSQL is not what is in the file; nothing of it is left there. */
export class MoveUnequal extends Error {
  readonly code = 'ERR_MOVE_UNEQUAL'
  readonly outcome = 'not_applied'

  constructor(table: string) {
    super(
      `The table ${table} is not the same on both sides, so all of it was taken out of PostgreSQL again. The SQLite file is as it was, and may be served. Is anything else writing to the database?`,
    )
    this.name = 'MoveUnequal'
  }
}

/** Rows that are written in one transaction. */
const BATCH = 500

/** Of a statement, in milliseconds: deleting what an earlier run has left may take its time. */
const STATEMENT_MS = 600_000

/**
 * Moves all rows of the file. The file stays where it is, and is not served any more afterwards.
 *
 * @throws {StoreInUse} If a server has the file.
 * @throws {MoveTargetTaken} If PostgreSQL holds rows of the application.
 * @throws {MoveUnequal} If not everything arrived.
 * @throws {StoreUnavailable} If PostgreSQL cannot be reached any more: the next run goes on.
 */
export async function moveToPostgres(options: MoveOptions): Promise<MoveResult> {
  const { file, url, onProgress = () => {}, crashPoint = () => {} } = options
  if (!existsSync(file)) throw new TypeError(`There is no ${file}`)
  const release = await ownFile(file)
  const hosts = new PostgresHosts({ url, poolMax: 2, statementMaxMs: STATEMENT_MS })
  try {
    const database = await openDatabase(file)
    try {
      setPragmas(database, file)
      const direct = directKysely(database)
      await migrate(direct, 'sqlite')
      await migrate(transactionKysely(hosts), 'postgresql')
      return await move({ source: new Source(database), hosts, peer: peerOf(url) }, async () => {
        await wakeAll(direct, systemClock.now())
      })
    } finally {
      database.close()
    }
  } finally {
    await hosts.end()
    release()
  }

  async function move(sides: Sides, calm: () => Promise<void>): Promise<MoveResult> {
    const { source } = sides
    const moved = source.move()
    if (moved?.state === 'moved') return finish(sides, moved)
    // No process has the file, so no lease holds: what is copied comes due at once over there.
    await calm()
    const owners = source.owners()
    const { token, progress } = await begin(sides, owners, moved)
    crashPoint('move-begun')
    for (const table of MOVED_TABLES) {
      for (;;) {
        const { last = null, rows: count = 0 } = progress[table.name] ?? {}
        const rows = source.page(table, last)
        const end = rows.at(-1)
        if (end === undefined) break
        progress[table.name] = {
          last: table.key.map((name) => end[name]),
          rows: count + rows.length,
        }
        await sides.hosts.transaction([
          { sql: insertion(table, source.columns(table)), parameters: [JSON.stringify(rows)] },
          {
            sql: 'update moves set progress = $2 where token = $1',
            parameters: [token, JSON.stringify(progress)],
          },
        ])
        onProgress({ table: table.name, rows: count + rows.length })
        crashPoint('move-batch')
      }
    }
    const tables = await verified(sides, owners, token)
    crashPoint('move-verified')
    // From here on the file is not served; from the next write on PostgreSQL is.
    source.seal(token)
    crashPoint('move-sealed')
    await serveFromNowOn(sides.hosts, token)
    return { apps: owners.apps, tables, wasMoved: false }
  }

  async function finish(sides: Sides, { token, apps }: Move): Promise<MoveResult> {
    const { rows } = await sides.hosts.query<{ progress: string }>(
      'select progress from moves where token = $1',
      [token],
    )
    const kept = rows[0]?.progress
    if (kept === undefined) throw new MovedElsewhere(sides.source.move()?.peer ?? '')
    await serveFromNowOn(sides.hosts, token)
    const progress = JSON.parse(kept) as Progress
    const tables = MOVED_TABLES.map(({ name }) => ({
      table: name,
      rows: progress[name]?.rows ?? 0,
    }))
    return { apps, tables, wasMoved: true }
  }
}

/** The file was moved to another database than the one that is named. */
export class MovedElsewhere extends Error {
  readonly code = 'ERR_MOVED_ELSEWHERE'
  readonly outcome = 'not_applied'

  constructor(peer: string) {
    super(`The file was moved to ${peer}, which is not the database that is named now.`)
    this.name = 'MovedElsewhere'
  }
}

interface Sides {
  readonly source: Source
  readonly hosts: PostgresHosts
  /** Where PostgreSQL is, without a password. */
  readonly peer: string
}

/** Whose rows the file holds. */
interface Owners {
  readonly apps: readonly string[]
  readonly appIds: readonly string[]
}

interface Move {
  readonly token: string
  readonly state: string
  readonly peer: string
  readonly apps: readonly string[]
}

type Progress = Record<string, { readonly last: readonly unknown[]; readonly rows: number }>

/** Takes up an earlier run, or makes room for a new one. */
async function begin(
  { source, hosts, peer }: Sides,
  owners: Owners,
  former: Move | undefined,
): Promise<{ readonly token: string; readonly progress: Progress }> {
  const apps = JSON.stringify(owners.apps)
  const { rows } = await hosts.query<{ token: string; apps: string; progress: string }>(
    `select token, apps, progress from moves where state = 'moving'`,
  )
  const same = rows.find(({ token }) => token === former?.token)
  if (same !== undefined) {
    return { token: same.token, progress: JSON.parse(same.progress) as Progress }
  }
  for (const left of rows.filter((row) => row.apps === apps)) {
    await takeOut(hosts, owners, left.token)
  }
  for (const table of MOVED_TABLES) {
    const found = await hosts.query(
      `select 1 from ${table.name} where ${ownedBy(table, '$1')} limit 1`,
      [JSON.stringify(owners)],
    )
    if (found.rows.length > 0) throw new MoveTargetTaken(table.name)
  }
  const token = randomUUID()
  await hosts.query(
    `insert into moves (token, state, peer, apps, progress) values ($1, 'moving', '', $2, '{}')`,
    [token, apps],
  )
  source.begin(token, peer, apps)
  return { token, progress: {} }
}

/** Compares every row of the file with what PostgreSQL has of it now. */
async function verified(
  { source, hosts }: Sides,
  owners: Owners,
  token: string,
): Promise<TableCount[]> {
  const tables: TableCount[] = []
  for (const table of MOVED_TABLES) {
    const here = digestOf(source.columns(table))
    const there = digestOf(source.columns(table))
    for (const page of source.pages(table)) here.add(page)
    for await (const page of pagesOf(hosts, table, source.columns(table), owners)) there.add(page)
    if (here.end() !== there.end()) {
      await takeOut(hosts, owners, token)
      throw new MoveUnequal(table.name)
    }
    tables.push({ table: table.name, rows: here.count() })
  }
  return tables
}

async function* pagesOf(
  hosts: PostgresHosts,
  table: MovedTable,
  columns: readonly string[],
  owners: Owners,
): AsyncGenerator<readonly Row[]> {
  const key = table.key.join()
  for (let last: readonly unknown[] | null = null; ;) {
    const parameters: unknown[] = [JSON.stringify(owners), ...(last ?? [])]
    const after = last && `and (${key}) > (${last.map((_, index) => `$${index + 2}`).join()})`
    const { rows }: { readonly rows: readonly Row[] } = await hosts.query<Row>(
      `select ${[...new Set([...table.key, ...columns])].join()} from ${table.name}
        where ${ownedBy(table, '$1')} ${after ?? ''}
        order by ${key} limit ${BATCH}`,
      parameters,
    )
    const end: Row | undefined = rows.at(-1)
    if (end === undefined) return
    yield rows
    last = table.key.map((name): unknown => end[name])
  }
}

/** Takes the rows of the applications out of PostgreSQL, with the word that they were coming. */
async function takeOut(hosts: PostgresHosts, owners: Owners, token: string): Promise<void> {
  await hosts.transaction([
    ...MOVED_TABLES.toReversed().map((table) => ({
      sql: `delete from ${table.name} where ${ownedBy(table, '$1')}`,
      parameters: [JSON.stringify(owners)],
    })),
    { sql: 'delete from moves where token = $1', parameters: [token] },
  ])
}

/** Has PostgreSQL be served from now on. */
async function serveFromNowOn(hosts: PostgresHosts, token: string): Promise<void> {
  await hosts.query(`update moves set state = 'moved' where token = $1`, [token])
}

function insertion({ name }: MovedTable, columns: readonly string[]): string {
  return `insert into ${name} (${columns.join()})
    select ${columns.join()} from json_populate_recordset(null::${name}, $1::json)`
}

type Row = Readonly<Record<string, unknown>>

/** Counts rows, and makes one hash of them all. */
function digestOf(columns: readonly string[]) {
  const hash = createHash('sha256')
  let count = 0
  return {
    add(rows: readonly Row[]): void {
      for (const row of rows) {
        hash.update(`${JSON.stringify(columns.map((name) => row[name] ?? null))}\n`)
      }
      count += rows.length
    },
    count: () => count,
    end: () => `${count} ${hash.digest('hex')}`,
  }
}

/** The file that is moved. */
class Source {
  readonly #database: DatabaseSync
  readonly #columns = new Map<string, readonly string[]>()
  readonly #pages = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Those that go over: not a number that each database gives by itself. */
  columns({ name, isNumbered }: MovedTable): readonly string[] {
    const known = this.#columns.get(name)
    if (known !== undefined) return known
    const all = this.#all<{ name: string }>(`select name from pragma_table_info('${name}')`)
    const columns = all
      .map((column) => column.name)
      .filter((column) => !(isNumbered && column === 'position'))
    this.#columns.set(name, columns)
    return columns
  }

  /** The rows after a key, in its order. */
  page(table: MovedTable, last: readonly unknown[] | null): Row[] {
    const key = table.key.join()
    const after = last === null ? '' : `where (${key}) > (${table.key.map(() => '?').join()})`
    const text = `select * from ${table.name} ${after} order by ${key} limit ${BATCH}`
    const statement = this.#pages.get(text) ?? this.#database.prepare(text)
    this.#pages.set(text, statement)
    const rows = statement.all(...((last ?? []) as string[])) as Record<string, unknown>[]
    return rows.map((row) => Object.fromEntries(Object.entries(row).map(withoutNul)))
  }

  *pages(table: MovedTable): Generator<readonly Row[]> {
    for (let last: readonly unknown[] | null = null; ;) {
      const rows: Row[] = this.page(table, last)
      const end: Row | undefined = rows.at(-1)
      if (end === undefined) return
      yield rows
      last = table.key.map((name) => end[name])
    }
  }

  owners(): Owners {
    const distinct = (column: 'app' | 'app_id'): string[] => {
      const tables = MOVED_TABLES.filter(({ owner }) => owner === column)
      const parts = tables.map(({ name }) => `select ${column} as name from ${name}`)
      return this.#all<{ name: string }>(`${parts.join(' union ')} order by name`).map(
        ({ name }) => name,
      )
    }
    return { apps: distinct('app'), appIds: distinct('app_id') }
  }

  move(): Move | undefined {
    const row = this.#all<{ token: string; state: string; peer: string; apps: string }>(
      'select token, state, peer, apps from moves',
    )[0]
    return row && { ...row, apps: JSON.parse(row.apps) as string[] }
  }

  begin(token: string, peer: string, apps: string): void {
    this.#database.exec('begin immediate; delete from moves')
    this.#database
      .prepare(
        `insert into moves (token, state, peer, apps, progress) values (?, 'moving', ?, ?, '{}')`,
      )
      .run(token, peer, apps)
    this.#database.exec('commit')
  }

  /** The file is not served any more. */
  seal(token: string): void {
    this.#database.prepare(`update moves set state = 'moved' where token = ?`).run(token)
  }

  #all<Found>(query: string): Found[] {
    return this.#database.prepare(query).all() as Found[]
  }
}

/** PostgreSQL takes no NUL. */
function withoutNul([name, value]: [string, unknown]): [string, unknown] {
  return [name, typeof value === 'string' ? value.replaceAll('\0', '\uFFFD') : value]
}

/** Where a database is, without who may use it. */
function peerOf(url: string): string {
  return url.replace(/^(postgres(?:ql)?:\/\/)(?:.*@)?([^?]*).*$/, '$1$2')
}
