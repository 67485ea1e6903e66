/**
 * The operator stops a server under load: what is in hand is finished, and nothing is left behind.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { postgresPrograms, sharedPostgres, startPostgres } from '../machines/postgres.ts'
import { collect, differences } from './checker.ts'
import { openInstallation, type ApiAnswer, type PaymentAnswer } from './installation.ts'
import { openShop } from './merchant.ts'

/** Sales that are begun at once. */
const SALES = 40

const stores = ['sqlite', ...(postgresPrograms === '' ? [] : ['postgresql'])] as const

describe.each(stores)('on %s', (store) => {
  test('SIGTERM under load: every call in hand is answered, the code is 0, and no lease is left', async () => {
    const url = store === 'sqlite' ? undefined : await (await sharedPostgres()).createDatabase()
    const installation = await openInstallation({
      ...(url !== undefined && { database: { url, direct: () => url } }),
    })
    const { emulator, read, until } = installation
    const merchant = openShop(installation)
    const node = await installation.start()
    const before = await Promise.all(
      Array.from({ length: 10 }, (_, number) =>
        merchant.sell({ reference: `before ${number}`, expiresIn: 60 }),
      ),
    )
    for (const payment of before) merchant.scan(payment)
    // Calls to Alipay take their time, so that there is something in hand.
    emulator.faults.add({ name: 'delay', delay_ms: 500, probability: 1 })
    const soFar = countPrecreates(installation)
    const calls = Array.from({ length: SALES }, (_, number) =>
      installation.call<PaymentAnswer>('POST', '/payments', {
        reference: `sale ${number}`,
        amount: 100,
        subject: '美式咖啡',
      }),
    )
    await until(
      () => 'The calls do not begin',
      async () => ((await countInHand()) === SALES ? true : undefined),
      0,
    )
    // The polls of what was sold before are due as well.
    await installation.time.advance(5_000)
    const ended = node.kill('SIGTERM')

    const answers = await Promise.all(calls)
    expect(answers.map(statusOf)).toEqual(answers.map(() => 201))
    expect(await ended).toBe(0)
    expect(countPrecreates(installation)).toBe(soFar + SALES)
    expect(await read(`select id from payments where status = 'created'`)).toEqual([])
    expect(
      await read(`select payment_id from due_payments where lease_token is not null
        union all select id from webhook_deliveries where lease_token is not null`),
    ).toEqual([])

    emulator.faults.clear()
    await installation.start()
    for (const { body } of answers) merchant.pay(body)
    for (const { body } of answers) await merchant.until(body, 'succeeded')
    await installation.untilOver()
    const { payments, refunds } = merchant.acknowledged
    const acknowledged = { payments: [...payments, ...answers.map(({ body }) => body.id)], refunds }
    expect(differences(await collect(installation), acknowledged)).toEqual([])

    async function countInHand(): Promise<number> {
      const rows = await read(`select id from payments where reference like 'sale %'`)
      return rows.length
    }
  })
})

test.skipIf(postgresPrograms === '')(
  'SIGTERM while PostgreSQL stands still: the server ends all the same',
  async () => {
    const server = await startPostgres()
    const url = await server.createDatabase()
    const installation = await openInstallation({ database: { url, direct: () => url } })
    const node = await installation.start()
    await openShop(installation).sell({ reference: 'tea' })
    server.pause()
    expect(await node.kill('SIGTERM')).toBe(0)
    server.resume()
  },
)

function countPrecreates({ emulator }: Awaited<ReturnType<typeof openInstallation>>): number {
  return emulator.requests().filter(({ method }) => method === 'alipay.trade.precreate').length
}

function statusOf({ status }: ApiAnswer<unknown>): number {
  return status
}
