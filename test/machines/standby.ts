/**
 * Two PostgreSQL servers: a primary, and a standby that follows it and can take its place.
 *
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { query, startPostgres, type PostgresCluster, type PostgresOptions } from './postgres.ts'

/** A primary and its standby. After `promoteStandby`, each keeps its name here. */
export interface ReplicatedPostgres {
  readonly primary: PostgresCluster
  readonly standby: PostgresCluster
  /**
   * The address of a database on whichever server takes writes: `postgres://postgres@
   * 127.0.0.1:5432,127.0.0.1:5433/name?target_session_attrs=read-write`, as libpq reads it. `URL`
   * and `pg` know no list of hosts.
   */
  urlOf(database: string): string
  /** Makes an empty database on the primary, and resolves with such an address. */
  createDatabase(): Promise<string>
  /** Kills every process of the primary (SIGKILL). */
  killPrimary(): Promise<void>
  /** Has the standby take writes; resolves when it does. The other server has to be dead. */
  promoteStandby(): Promise<void>
}

/** How they are set up. */
export interface ReplicatedPostgresOptions extends PostgresOptions {
  /** Whether a commit waits until it is on the disk of the standby. Default `true`. */
  readonly synchronous?: boolean
}

const NAME = 'standby'

/** Starts both, replicating; they are gone after the test, or after the file when no test runs. */
export async function startReplicatedPostgres({
  synchronous = true,
  ...options
}: ReplicatedPostgresOptions = {}): Promise<ReplicatedPostgres> {
  const primary = await startPostgres({
    ...options,
    settings: {
      ...options.settings,
      // A setting of this server alone: the promoted one has nobody to wait for.
      ...(synchronous && { synchronous_standby_names: NAME }),
    },
  })
  // The slot keeps all that the standby has not read yet, from the data on that both start with.
  await query(primary.url, `select pg_create_physical_replication_slot('${NAME}', true)`)
  const standby = await startPostgres({
    ...options,
    files: { ...options.files, 'standby.signal': '' },
    settings: {
      // By default a promotion may have to wait until the standby has looked again for the primary,
      // which it does every five seconds.
      wal_retrieve_retry_interval: '100ms',
      ...options.settings,
      primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres application_name=${NAME}`,
      primary_slot_name: NAME,
    },
  })
  await untilReplicating(primary, synchronous)

  const servers: ReplicatedPostgres = {
    primary,
    standby,
    urlOf(database) {
      const hosts = [primary, standby].map(({ port }) => `127.0.0.1:${port}`).join()
      return `postgres://postgres@${hosts}/${database}?target_session_attrs=read-write`
    },
    async createDatabase() {
      const { pathname } = new URL(await primary.createDatabase())
      return servers.urlOf(pathname.slice(1))
    },
    killPrimary: () => primary.kill(),
    async promoteStandby() {
      // As `pg_ctl promote` does, which has to be who the server is, and looks ten times a second.
      writeFileSync(join(standby.dataFolder, 'promote'), '')
      process.kill(standby.pid(), 'SIGUSR1')
      await standby.logged('database system is ready to accept connections')
    },
  }
  return servers
}

async function untilReplicating(primary: PostgresCluster, synchronous: boolean): Promise<void> {
  const wanted = synchronous ? 'sync' : 'async'
  for (let attempt = 0; attempt < 600; attempt++) {
    const rows = await query<{ sync_state: string }>(
      primary.url,
      `select sync_state from pg_stat_replication
       where application_name = '${NAME}' and state = 'streaming'`,
    )
    if (rows[0]?.sync_state === wanted) return
    await sleep(25)
  }
  throw new Error('The standby does not follow the primary')
}
