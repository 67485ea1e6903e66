import { afterEach, describe, expect, test } from 'vitest'
import { ConnectionCut, type Emulator, type FaultRequest } from '../../src/emulator/index.ts'
import {
  type Received,
  call,
  emulatorAt,
  isGenuine,
  isGenuineNotification,
  notifyAddress,
  precreate,
  scan,
  sell,
} from './merchant.ts'

const MINUTE_MS = 60_000

const REFUND = { out_trade_no: 'ORDER-1', refund_amount: '1.00', out_request_no: 'R-1' }

async function soldWith(...faults: FaultRequest[]): Promise<Emulator> {
  const emulator = await emulatorAt()
  await sell(emulator)
  for (const fault of faults) emulator.faults.add(fault)
  return emulator
}

function refund(emulator: Emulator) {
  return call(emulator, 'alipay.trade.refund', REFUND)
}

function refunded(emulator: Emulator) {
  return emulator.trades.find('ORDER-1')?.refunded
}

describe('faults of the gateway', () => {
  test.each([
    ['request-lost', 0],
    ['answer-lost', 100],
  ])('%s cuts the connection; %i fen were refunded', async (name, amount) => {
    const emulator = await soldWith({ name })
    await expect(refund(emulator)).rejects.toThrow(ConnectionCut)
    expect(refunded(emulator)).toBe(amount)
    expect((await refund(emulator)).node).toMatchObject({ code: '10000' })
  })

  test.each([
    ['unknown-error-before', '20000', 'isp.unknow-error', 0],
    ['unknown-error-after', '20000', 'isp.unknow-error', 100],
    ['system-error-before', '40004', 'ACQ.SYSTEM_ERROR', 0],
    ['system-error-after', '40004', 'ACQ.SYSTEM_ERROR', 100],
    ['rate-limit', '40005', 'isv.app-call-limited', 0],
  ])('%s answers %s %s, signed; %i fen were refunded', async (name, code, subCode, amount) => {
    const emulator = await soldWith({ name })
    const answer = await refund(emulator)
    expect(answer.node).toMatchObject({ code, sub_code: subCode })
    expect(isGenuine(emulator, answer)).toBe(true)
    expect(refunded(emulator)).toBe(amount)
  })

  test('wrong-signature, unsigned, truncated, html-502, envelope-spaces and error-response-root carry the request out', async () => {
    const wrong = await soldWith({ name: 'wrong-signature' })
    const wrongAnswer = await refund(wrong)
    expect(wrongAnswer.node).toMatchObject({ code: '10000' })
    expect(isGenuine(wrong, wrongAnswer)).toBe(false)

    const unsigned = await soldWith({ name: 'unsigned' })
    expect((await refund(unsigned)).sign).toBeUndefined()

    const truncated = await soldWith({ name: 'truncated' })
    const { text } = await refund(truncated)
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError)

    const bad = await soldWith({ name: 'html-502' })
    const page = await refund(bad)
    expect(page).toMatchObject({ status: 502 })
    expect(page.text).toContain('<html>')

    const spaced = await soldWith({ name: 'envelope-spaces' })
    const spacedText = (await refund(spaced)).text
    expect(spacedText).toMatch(/^\{ "alipay_trade_refund_response" : \{"code".*\} , "sign" : "/)

    const rooted = await soldWith({ name: 'error-response-root' })
    const rootedAnswer = await refund(rooted)
    expect(rootedAnswer.root).toBe('error_response')
    expect(isGenuine(rooted, rootedAnswer)).toBe(true)

    for (const each of [wrong, unsigned, truncated, bad, spaced, rooted]) {
      expect(refunded(each)).toBe(100)
    }
  })

  test('delay answers later', async () => {
    const emulator = await soldWith({ name: 'delay', delay_ms: 1 })
    expect((await refund(emulator)).node).toMatchObject({ fund_change: 'Y' })
    expect(emulator.requests().at(-1)).toMatchObject({ fault: 'delay', code: '10000' })
  })

  test('retry-flag: the cancel asks to be repeated, and nothing was done', async () => {
    const emulator = await soldWith({ name: 'retry-flag' })
    const cancel = () => call(emulator, 'alipay.trade.cancel', { out_trade_no: 'ORDER-1' })
    expect((await cancel()).node).toMatchObject({ code: '40004', retry_flag: 'Y' })
    expect(refunded(emulator)).toBe(0)
    expect((await cancel()).node).toMatchObject({ retry_flag: 'N', action: 'refund' })
  })

  test('fund-change-n: the refund is made, and its answer does not say so', async () => {
    const emulator = await soldWith({ name: 'fund-change-n' })
    expect((await refund(emulator)).node).toMatchObject({ code: '10000', fund_change: 'N' })
    expect(refunded(emulator)).toBe(100)
  })

  test('refund-query-empty and trade-not-exist deny what is there, for a while', async () => {
    const emulator = await emulatorAt()
    emulator.faults.add({ name: 'trade-not-exist', delay_ms: 5000 })
    const query = async () =>
      (await call(emulator, 'alipay.trade.query', { out_trade_no: 'ORDER-1' })).node['code']
    const qrCode = await precreate(emulator)
    expect(await query()).toBe('40004')
    scan(emulator, qrCode)
    emulator.clock.advance(4999)
    expect(await query()).toBe('40004')
    emulator.clock.advance(1)
    expect(await query()).toBe('10000')

    const sold = await soldWith({ name: 'refund-query-empty' })
    await refund(sold)
    const ask = async () => (await call(sold, 'alipay.trade.fastpay.refund.query', REFUND)).node
    expect(await ask()).toEqual({ code: '10000', msg: 'Success' })
    expect(await ask()).toMatchObject({ refund_status: 'REFUND_SUCCESS' })
  })
})

describe('conditions', () => {
  test('method, order, after and times say when a fault strikes', async () => {
    const emulator = await emulatorAt()
    const method = 'alipay.trade.query'
    emulator.faults.add({ name: 'rate-limit', method, out_trade_no: 'A', after: 1, times: 2 })
    const ask = async (number: string, name = method) =>
      (await call(emulator, name, { out_trade_no: number })).node['code']
    expect(await ask('B')).toBe('40004')
    expect(await ask('A', 'alipay.trade.close')).toBe('40004')
    expect(await ask('A')).toBe('40004')
    expect(await ask('A')).toBe('40005')
    expect(emulator.faults.active()).toMatchObject([{ struck: 1 }])
    expect(await ask('A')).toBe('40005')
    expect(await ask('A')).toBe('40004')
    expect(emulator.faults.active()).toEqual([])
  })

  test('random faults depend on the seed and on what each call is, not on their order', async () => {
    const run = async (numbers: readonly string[], seed: number) => {
      const emulator = await emulatorAt()
      emulator.faults.setRandom({ seed, probability: 0.5 })
      for (const number of numbers) {
        await call(emulator, 'alipay.trade.query', { out_trade_no: number }).catch(() => {})
      }
      const struck = emulator.requests().map((entry) => `${entry.out_trade_no} ${entry.fault}`)
      return struck.sort()
    }
    const numbers = Array.from({ length: 30 }, (_, index) => `ORDER-${index}`)
    const first = await run(numbers, 7)
    expect(await run(numbers.toReversed(), 7)).toEqual(first)
    expect(await run(numbers, 8)).not.toEqual(first)
    const count = first.filter((line) => !line.endsWith('undefined')).length
    expect(count).toBeGreaterThan(5)
    expect(count).toBeLessThan(25)
  })

  test('a fault that does not exist, or numbers out of range, are refused', async () => {
    const { faults } = await emulatorAt()
    expect(() => faults.add({ name: 'fire' })).toThrow('There is no fault "fire"')
    expect(() => faults.add({ name: 'delay', times: 0 })).toThrow(RangeError)
    expect(() => faults.add({ name: 'delay', probability: 2 })).toThrow(RangeError)
  })
})

describe('faults of notifications', () => {
  const open: { close(): Promise<void> }[] = []
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()))
  })

  async function paidWith(fault: FaultRequest) {
    const merchant = await notifyAddress(() => ({ text: 'success' }))
    open.push(merchant)
    const emulator = await emulatorAt()
    emulator.faults.add(fault)
    await sell(emulator, {}, { notifyUrl: merchant.url })
    await emulator.notifications.deliverDue()
    return { emulator, received: merchant.received }
  }

  test('duplicate: one notification comes twice', async () => {
    const { received } = await paidWith({ name: 'duplicate' })
    const ids = received.map(({ params }) => params.get('notify_id'))
    expect(ids).toHaveLength(2)
    expect(ids[0]).toBe(ids[1])
  })

  test('late and lost: it comes by the clock', async () => {
    for (const [fault, pause] of [
      [{ name: 'late', delay_ms: 90_000 }, 90_000],
      [{ name: 'lost' }, 4 * MINUTE_MS],
    ] as const) {
      const { emulator, received } = await paidWith(fault)
      expect(received).toEqual([])
      emulator.clock.advance(pause)
      await emulator.notifications.deliverDue()
      expect(received).toHaveLength(1)
    }
  })

  test('reordered: the payment is told of after the refund', async () => {
    const { emulator, received } = await paidWith({ name: 'reordered' })
    expect(received).toEqual([])
    await refund(emulator)
    await emulator.notifications.deliverDue()
    const order = received.map(({ params }) => params.get('out_biz_no'))
    expect(order).toEqual(['R-1', undefined])
  })

  test.each([
    ['forged', 'trade_no', false],
    ['wrong-amount', 'total_amount', true],
    ['foreign-app', 'app_id', true],
    ['wrong-seller', 'seller_id', true],
  ])(
    '%s comes first, and the true one follows although it was answered success',
    async (name, field, isSigned) => {
      const { emulator, received } = await paidWith({ name })
      emulator.clock.advance(4 * MINUTE_MS)
      await emulator.notifications.deliverDue()
      const [bad, good] = received as [Received, Received]
      expect(isGenuineNotification(emulator, bad)).toBe(isSigned)
      expect(isGenuineNotification(emulator, good)).toBe(true)
      expect(bad.params.get(field) === good.params.get(field)).toBe(!isSigned)
      expect(emulator.notifications.list()[0]?.status).toBe('delivered')
    },
  )

  test('before-answer: the refund is told of before it is answered', async () => {
    const { emulator, received } = await paidWith({ name: 'before-answer' })
    expect(received).toHaveLength(1)
    const { node } = await refund(emulator)
    expect(received[1]?.params.get('out_biz_no')).toBe('R-1')
    expect(node).toMatchObject({ fund_change: 'Y' })
    expect(emulator.faults.active()).toEqual([])
  })
})
