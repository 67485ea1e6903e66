/**
 * One `Idempotency-Key`, many requests at once, and a process that dies among them: one payment.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { postgresPrograms, sharedPostgres } from '../machines/postgres.ts'
import { openInstallation, type PaymentAnswer } from './installation.ts'

const stores = ['sqlite', ...(postgresPrograms === '' ? [] : ['postgresql'])] as const

const ORDER = { amount: 8_888, subject: '美式咖啡' }
const NAMED = { 'idempotency-key': 'order-1001' }
const REQUESTS = 100

const CRASH_POINTS = [
  undefined,
  'before-precreate',
  ...(process.env['SAOMA_TEST_ALL'] ? ['intent-stored', 'precreate-answered'] : []),
]

describe.each(stores)('on %s', (store) => {
  test.each(CRASH_POINTS)(
    '100 requests of one key at once make one payment; the process dies at %s',
    async (crashAt) => {
      const url = store === 'sqlite' ? undefined : await (await sharedPostgres()).createDatabase()
      const installation = await openInstallation({
        ...(url !== undefined && { database: { url, direct: () => url } }),
      })
      const { call, read, until } = installation
      const create = (order: object = ORDER, headers: Record<string, string> = NAMED) =>
        call<PaymentAnswer & { readonly error?: { readonly code: string } }>(
          'POST',
          '/payments',
          order,
          headers,
        )
      const node = await installation.start({ crashAt })
      const first = await Promise.allSettled(Array.from({ length: REQUESTS }, () => create()))
      if (crashAt !== undefined) {
        expect(first.filter(({ status }) => status === 'fulfilled')).toEqual([])
        expect(await node.ended()).not.toBe(0)
        await installation.start()
      }

      // What was begun is gone on with as soon as nobody else may be at it.
      const made = await until(
        () => 'The repeat is not answered',
        async () => {
          const answer = await create().catch(() => undefined)
          return answer !== undefined && answer.status < 202 ? answer : undefined
        },
      )
      expect(made.body).toMatchObject({ object: 'payment', status: 'pending', amount: 8_888 })

      const repeats = await Promise.all(Array.from({ length: REQUESTS }, () => create()))
      expect(new Set(repeats.map(({ body }) => body.id))).toEqual(new Set([made.body.id]))
      expect(new Set(repeats.map((answer) => JSON.stringify(answer))).size).toBe(1)
      expect(await read('select id from payments')).toEqual([{ id: made.body.id }])

      const other = await create({ ...ORDER, amount: 1 })
      expect([other.status, other.body.error?.code]).toEqual([409, 'idempotency_key_reused'])
      const another = await create(ORDER, { 'idempotency-key': 'order-1002' })
      expect(another.body.id).not.toBe(made.body.id)
    },
  )
})
