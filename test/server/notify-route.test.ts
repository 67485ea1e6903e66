import { expect, test } from 'vitest'
import type { AcceptNotificationResult } from '../../src/payments/index.ts'
import { NOTIFY_TOKEN, signedNotification, startServer } from './server-under-test.ts'

const path = `/alipay/notify/${NOTIFY_TOKEN}`
const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
const post = (body: string) => ({ method: 'POST', headers, body })

test('a notification is answered with exactly the seven bytes "success"', async () => {
  const { get, order, payments } = startServer()
  await order()
  const response = await get(path, post(signedNotification()))
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
  expect(Buffer.from(await response.arrayBuffer()).toString('latin1')).toBe('success')
  expect((await payments.find('pay_1'))?.payment.status).toBe('succeeded')
})

test('"success" is said only after the commit', async () => {
  const { get, order, payments } = startServer()
  await order()
  let commit: (result: AcceptNotificationResult) => void = () => {}
  let reached = () => {}
  const atCommit = new Promise<void>((resolve) => (reached = resolve))
  payments.acceptNotification = () => {
    reached()
    return new Promise((resolve) => (commit = resolve))
  }
  let answered = false
  const response = Promise.resolve(get(path, post(signedNotification()))).then((answer) => {
    answered = true
    return answer
  })
  await atCommit
  // All that could run without the commit has run by the next turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve))
  expect(answered).toBe(false)
  commit('applied')
  expect(await (await response).text()).toBe('success')
})

test('a notification that arrives twice is answered success twice', async () => {
  const { get, order, logged } = startServer()
  await order()
  for (const event of ['notification.applied', 'notification.unchanged']) {
    expect(await (await get(path, post(signedNotification()))).text()).toBe('success')
    expect(logged.at(-1)).toMatchObject({ level: 'info', event, out_trade_no: 'out_1' })
  }
})

test('one that is stored for people to look at is answered success, and warned of', async () => {
  const { get, logged } = startServer()
  const response = await get(path, post(signedNotification({ out_trade_no: 'unknown' })))
  expect(await response.text()).toBe('success')
  expect(logged).toMatchObject([{ level: 'warn', event: 'notification.stored_for_review' }])
})

test.each([
  ['its amount was changed', signedNotification().replace('88.88', '0.01')],
  ['it has no signature', 'out_trade_no=out_1&trade_status=TRADE_SUCCESS'],
  ['it is empty', ''],
])('a notification is refused when %s, and changes nothing', async (_, body) => {
  const { get, order, payments, logged } = startServer()
  await order()
  const response = await get(path, post(body))
  expect([response.status, await response.text()]).toEqual([400, 'fail'])
  expect((await payments.find('pay_1'))?.payment.status).toBe('pending')
  expect(logged).toMatchObject([{ level: 'warn', event: 'notification.refused' }])
})

test('a failure of the engine is answered fail, so that Alipay sends again', async () => {
  const { get, payments, logged } = startServer()
  payments.acceptNotification = () => Promise.reject(new Error('the disk is full'))
  const response = await get(path, post(signedNotification()))
  expect([response.status, await response.text()]).toEqual([500, 'fail'])
  expect(logged).toMatchObject([{ level: 'error', event: 'notification.failed', error: 'Error' }])
})

test('a body over 64 KiB is refused without being verified', async () => {
  let verified = false
  const verifyNotification = () => {
    verified = true
    throw new Error('not reached')
  }
  const { get } = startServer({ client: { verifyNotification } })
  const response = await get(path, post('x'.repeat(65_537)))
  expect([response.status, await response.text(), verified]).toEqual([413, 'fail', false])
})

test('another token, no token and GET are nowhere', async () => {
  const { get, order, payments } = startServer()
  await order()
  const answers = await Promise.all([
    get('/alipay/notify/ntf_another_token_00', post(signedNotification())),
    get('/alipay/notify/', post(signedNotification())),
    get(path),
  ])
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404])
  expect((await payments.find('pay_1'))?.payment.status).toBe('pending')
})

test('the log knows neither buyer nor token', async () => {
  const { get, order, logged } = startServer()
  await order()
  await get(path, post(signedNotification()))
  await get(path, post(signedNotification().replace('88.88', '0.01')))
  expect(logged).toHaveLength(2)
  expect(JSON.stringify(logged)).not.toMatch(/5620|ntf_/)
})
