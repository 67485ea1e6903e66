/**
 * What is old and settled is pruned, on both stores, by one node of many, and nothing else is: no
 * sale, no refund, nothing that is open or that a person has to look at.
 *
 * @module
 */

import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { addMs, formatRfc3339, MovableClock } from '../../src/alipay/index.ts'
import type { Payment, Refund } from '../../src/payments/index.ts'
import {
  createRetention,
  lastNight,
  toRetentionRules,
  type PrunedWalk,
  type RetentionOptions,
  type RetentionStore,
} from '../../src/retention/index.ts'
import { startServer } from '../server/server-under-test.ts'
import { storeKinds, type OpenedStore } from '../store/opened-stores.ts'
import { commitOf, lease, opening, refund } from '../store/payments-to-store.ts'

const DAY_MS = 86_400_000
const YEARS_LATER = addMs(opening, 1_000 * DAY_MS)

/** What is counted in the database. */
const COUNTED = {
  payments: 'payments',
  refunds: 'refunds',
  timeline: 'evidence',
  raw: 'evidence where raw is not null',
  events: 'events',
  deliveries: 'webhook_deliveries',
  attempts: 'webhook_attempts',
  orphans: 'orphan_notifications',
  unverified: 'quarantine',
  alarms: 'alarms',
  audit: 'audit_entries',
}

describe.each(storeKinds)('on $kind', (kind) => {
  test('what is old and settled is pruned; sales and what is open stay', async () => {
    const opened = await kind.open()
    await settledSales(opened, 3)
    await oneOf(opened, 'in_review', { review: 'late' })
    await oneOf(opened, 'watched', { nextStepAt: addMs(YEARS_LATER, 1) })
    await oneOf(opened, 'open', { status: 'closing', nextStepAt: addMs(YEARS_LATER, 1) })
    await oneOf(opened, 'refunding', {}, [refund('pay_refunding', 're_1')])
    await oneOf(opened, 'undecided', { settlement: 'due' })
    await oneOf(opened, 'differing')
    await difference(opened, { payment_id: 'pay_differing', out_trade_no: 'sm_pay_differing' })
    await oneOf(opened, 'untold')
    await opened.query(`update webhook_deliveries set status = 'pending', due_at = 0
      where event_id in (select id from events where payment_id = 'pay_untold') returning id`)
    await oneOf(opened, 'refused')
    await opened.query(`update webhook_deliveries set status = 'failed'
      where event_id in (select id from events where payment_id = 'pay_refused') returning id`)
    for (const name of ['explained', 'unexplained']) {
      const params = { notify_id: name }
      await opened.payments.storeOrphan({ outTradeNo: name, receivedAt: opening, params })
    }
    await difference(opened, { payment_id: null, out_trade_no: 'unexplained' })
    await opened.payments.quarantine({ receivedAt: opening, body: 'x' })
    await audited(opened)
    expect(await count(opened)).toMatchObject({ events: 11, deliveries: 11, raw: 11, orphans: 2 })

    const walks: PrunedWalk[] = []
    const retention = open(opened, { onPruned: (walk) => void walks.push(walk) })
    await retention.runDue()
    expect(await count(opened)).toEqual({
      payments: 11,
      refunds: 1,
      timeline: 11,
      // In review, watched, open, refunding, undecided, differing.
      raw: 6,
      // These six, and the one that an endpoint waits for.
      events: 7,
      // Taken ones are pruned also of what is open; the refused one went with its event.
      deliveries: 1,
      attempts: 1,
      orphans: 1,
      unverified: 0,
      alarms: 0,
      audit: 1,
    })
    expect(walks.map(({ kind: pruned, rows }) => `${pruned} ${rows}`)).toEqual([
      'deliveries 9',
      'events 4',
      'raw_evidence 5',
      'notifications 1',
      'unverified 1',
    ])
    const states = await retention.states()
    expect(Object.fromEntries(states.map((one) => [one.kind, one.pruned]))).toMatchObject({
      deliveries: 9,
      events: 4,
    })
    expect(states.every(({ finishedAt }) => finishedAt === YEARS_LATER)).toBe(true)
  })

  test('what is young stays; a trial says what would be pruned, and prunes nothing', async () => {
    const opened = await kind.open()
    await settledSales(opened, 450)
    const before = await count(opened)
    const clock = new MovableClock(addMs(opening, 400 * DAY_MS))
    const young = open(opened, { clock })
    await young.runDue()
    // Deliveries are kept for the shortest time.
    const later = await count(opened)
    expect(later).toEqual({ ...before, deliveries: 0, attempts: 0 })
    clock.advance(1)
    const trial = young.run({ isTrial: true })
    await trial.done
    expect(Object.fromEntries(trial.counts)).toEqual({
      deliveries: 0,
      events: 450,
      raw_evidence: 450,
      notifications: 0,
      unverified: 0,
      alarms: 0,
    })
    expect(await count(opened)).toEqual(later)
    const run = young.run({ isTrial: false })
    await run.done
    expect(run.counts).toEqual(trial.counts)
    expect(await count(opened)).toMatchObject({ payments: 450, timeline: 450, events: 0, raw: 0 })
  })

  test('a walk that breaks off goes on where it was; many nodes prune each row once', async () => {
    const opened = await kind.open()
    await settledSales(opened, 450)
    const asked: string[] = []
    let lives = 2
    const dying: RetentionStore = {
      ...opened.store.retention,
      prune(name, batch) {
        if (name === 'raw_evidence' && lives-- === 0) return Promise.reject(new Error('dies'))
        return opened.store.retention.prune(name, batch)
      },
    }
    await expect(open(opened, { store: dying }).runDue()).rejects.toThrow('dies')
    expect(await count(opened)).toMatchObject({ raw: 50 })
    const watched: RetentionStore = {
      ...opened.store.retention,
      prune(name, batch) {
        if (name === 'raw_evidence') asked.push(batch.after)
        return opened.store.retention.prune(name, batch)
      },
    }
    const walks: PrunedWalk[] = []
    const nodes = [1, 2, 3].map(() =>
      open(opened, { store: watched, onPruned: (walk) => void walks.push(walk) }),
    )
    // Its lease ends by itself.
    await opened.query('update retention set leased_until = 0 returning kind')
    await Promise.all(nodes.map((node) => node.runDue()))
    expect(asked).toEqual([expect.stringContaining('pay_settled_0399')])
    expect(walks.map(({ kind: pruned, rows }) => `${pruned} ${rows}`)).toEqual(['raw_evidence 50'])
    expect(await count(opened)).toMatchObject({ raw: 0 })
    // Not before the next night.
    await Promise.all(nodes.map((node) => node.runDue()))
    expect(asked).toHaveLength(1)
  })

  test('who was slower than his lease leaves the walk to the other', async () => {
    const opened = await kind.open()
    const { retention } = opened.store
    const [slow, quick] = [lease(), lease()]
    const claimed = await retention.claim('events', slow, YEARS_LATER)
    expect(claimed).toMatchObject({ walkedTo: '', finishedAt: null })
    expect(await retention.claim('events', quick, YEARS_LATER)).toBeUndefined()
    await opened.query('update retention set leased_until = 0 returning kind')
    expect(await retention.claim('events', quick, YEARS_LATER)).toBeDefined()
    const end = { walkedTo: '9', turnedAt: opening, pruned: 1, finishedAt: opening }
    expect(await retention.save('events', slow, end)).toBe(false)
    expect(await retention.save('events', quick, end)).toBe(true)
    expect(await retention.states()).toEqual([
      { kind: 'events', walkedTo: '9', turnedAt: opening, pruned: 1, finishedAt: opening },
    ])
  })
})

test('what was open when a walk came by is pruned a month later', async () => {
  const opened = await storeKinds[0]!.open()
  await oneOf(opened, 'stuck', { review: 'late' })
  await settledSales(opened, 3)
  const clock = new MovableClock(YEARS_LATER)
  const retention = open(opened, { clock })
  await retention.runDue()
  expect(await count(opened)).toMatchObject({ raw: 1, events: 1 })
  await opened.query('update payments set review = null returning id')
  clock.advance(DAY_MS)
  await retention.runDue()
  expect(await count(opened)).toMatchObject({ raw: 1, events: 1 })
  clock.advance(30 * DAY_MS)
  await retention.runDue()
  expect(await count(opened)).toMatchObject({ raw: 0, events: 0 })
})

test('it is told over the API and in metrics, and counts before it prunes', async () => {
  const opened = await storeKinds[0]!.open()
  await settledSales(opened, 3)
  const { api } = startServer({ retention: open(opened) })
  expect(await startServer().api('GET', '/v1/retention')).toMatchObject({ status: 404 })
  const rows = async (dry_run: boolean) =>
    (await (await api('POST', '/v1/retention/run', { dry_run })).json()) as object
  expect(await rows(true)).toMatchObject({
    object: 'retention_run',
    status: 'finished',
    dry_run: true,
    pruned: expect.arrayContaining([{ kind: 'events', rows: 3 }]) as object[],
  })
  expect(await count(opened)).toMatchObject({ events: 3 })
  expect(await rows(false)).toMatchObject({ dry_run: false })
  const kinds = (await (await api('GET', '/v1/retention')).json()) as { kinds: object[] }
  expect(kinds.kinds).toContainEqual({
    kind: 'events',
    days: 400,
    pruned: 3,
    finished_at: formatRfc3339(YEARS_LATER),
  })
  expect(kinds.kinds).toContainEqual({ kind: 'audit', days: null, pruned: 0, finished_at: null })
  const metrics = await (await api('GET', '/metrics')).text()
  expect(metrics).toMatch(/^saoma_pruned_rows\{kind="events"\} 3$/m)
  expect(metrics).toContain(`saoma_pruned_timestamp_seconds{kind="events"} ${YEARS_LATER / 1_000}`)
})

test('walks are due at three at night in Beijing', () => {
  const night = new Date('2026-11-23T03:00:00+08:00').getTime()
  const at = (hours: number) => lastNight(addMs(opening, night + hours * 3_600_000 - opening))
  expect([at(0), at(23), at(-1)]).toEqual([night, night, night - DAY_MS])
})

test('nothing is kept for too short a time, and the audit log for ever unless chosen', () => {
  expect(toRetentionRules({ events: 30, deliveries: null })).toMatchObject({
    events: 30,
    deliveries: null,
    raw_evidence: 400,
    audit: null,
  })
  expect(() => toRetentionRules({ raw_evidence: 365 })).toThrow('raw_evidence is kept for')
  expect(() => toRetentionRules({ audit: 30 })).toThrow(RangeError)
  expect(() => toRetentionRules({ events: 30.5 })).toThrow(RangeError)
})

test('a walk in the background stops after the batch in hand', async () => {
  const opened = await storeKinds[0]!.open()
  await settledSales(opened, 900)
  const resting = vi.fn(async () => void retention.stop())
  const retention = open(opened, { rest: resting })
  retention.start()
  await vi.waitUntil(() => resting.mock.calls.length > 0)
  await retention.stop()
  expect(await count(opened)).toMatchObject({ deliveries: 700, raw: 900 })
})

/** Years later, without rests. */
function open({ store }: OpenedStore, options: Partial<RetentionOptions> = {}) {
  const retention = createRetention({
    store: store.retention,
    clock: new MovableClock(YEARS_LATER),
    rest: async () => {},
    onError: (error) => expect.unreachable(String(error)),
    ...options,
  })
  onTestFinished(() => retention.stop())
  return retention
}

/** Sales that were paid, told to an endpoint, and proved by a message. */
async function settledSales(opened: OpenedStore, howMany: number): Promise<void> {
  const names = Array.from({ length: howMany }, (_, index) => `settled_${pad(index)}`)
  await insert(opened, names, {}, [])
}

function pad(index: number): string {
  return String(index).padStart(4, '0')
}

async function oneOf(
  opened: OpenedStore,
  name: string,
  change: Partial<Payment> = {},
  refunds: readonly Refund[] = [],
): Promise<void> {
  await insert(opened, [name], change, refunds)
}

async function insert(
  opened: OpenedStore,
  names: readonly string[],
  change: Partial<Payment>,
  refunds: readonly Refund[],
): Promise<void> {
  const { store, payments } = opened
  if ((await store.webhooks.listEndpoints()).length === 0) {
    await opened.query(`insert into webhook_endpoints (id, app, url, description, types, status, secrets,
        failures, paused_until, created_at, updated_at)
      values ('whe_1', 'default', 'https://a.example', '', '*', 'enabled', '[]', 0, 0, 0, 0)
      returning id`)
  }
  await Promise.all(
    names.map((name) => {
      const held = lease()
      const paid = { status: 'succeeded', nextStepAt: null, ...change } as const
      const commit = commitOf(`pay_${name}`, paid, refunds, { release: held })
      const timeline = commit.timeline.map((line) => ({ ...line, raw: 'trade_status=…' }))
      return payments.insert({ ...commit, timeline }, held)
    }),
  )
  await opened.query(`update webhook_deliveries set status = 'succeeded', due_at = null
    where status = 'pending' and attempts = 0 returning id`)
  await opened.query(`insert into webhook_attempts (delivery_id, at, duration_ms)
    select id, 0, 1 from webhook_deliveries where attempts = 0 returning position`)
  await opened.query('update webhook_deliveries set attempts = 1 returning id')
}

async function difference(
  opened: OpenedStore,
  about: { readonly payment_id: string | null; readonly out_trade_no: string },
): Promise<void> {
  const payment = about.payment_id === null ? 'null' : `'${about.payment_id}'`
  await opened.query(`insert into differences (id, app, bill_type, bill_date, code, status, out_trade_no,
      out_request_no, payment_id, run, created_at, updated_at)
    values ('dif_${about.out_trade_no}', 'default', 'trade', '2026-11-23', 'amount_mismatch',
      'open', '${about.out_trade_no}', '', ${payment}, 1, 0, 0) returning id`)
}

async function audited({ store }: OpenedStore): Promise<void> {
  await store.access.insertAuditEntry({
    id: 'aud_1',
    appId: 'app_1',
    at: opening,
    actor: 'key_1',
    actorName: null,
    action: 'refund.create',
    objectId: null,
    detail: {},
    requestId: null,
    address: null,
  })
}

async function count(opened: OpenedStore): Promise<Record<string, number>> {
  const counts = Object.entries(COUNTED).map(
    ([name, from]) => `(select count(*) from ${from}) as ${name}`,
  )
  const [row = {}] = await opened.query(`select ${counts.join()}`)
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]))
}
