/**
 * Alarms, over real sockets and on both stores.
 *
 * @module
 */

import { Webhook } from 'standardwebhooks'
import { describe, expect, onTestFinished, test } from 'vitest'
import { MasterKey } from '../../src/access/index.ts'
import {
  ALARM_THROTTLE_MS,
  createAlarms,
  type Alarm,
  type AlarmsOptions,
  type ChannelSettings,
} from '../../src/alarms/index.ts'
import { SigningSecret } from '../../src/webhooks/index.ts'
import { storeKinds, type OpenedStore } from '../store/opened-stores.ts'
import { ROBOT_SECRET, startMailServer, startRobot } from './receivers.ts'

const vault = MasterKey.create()

function open({ store }: Pick<OpenedStore, 'store'>, options: Partial<AlarmsOptions> = {}) {
  const errors: string[] = []
  const alarms = createAlarms({
    store: store.alarms,
    livemode: false,
    vault,
    addresses: { allow: ['127.0.0.1'] },
    onError: (error) => void errors.push(String(error)),
    ...options,
  })
  onTestFinished(() => alarms.stop())
  return { alarms, errors }
}

const review = (id: string): Alarm => ({ kind: 'payment_review', about: id, text: `${id}: late` })

describe.each(storeKinds)('on $kind', (kind) => {
  test('each channel is told in its own way, and every signature holds', async () => {
    const { alarms } = open(await kind.open())
    const [dingtalk, wecom, feishu, program] = await Promise.all([
      startRobot('dingtalk'),
      startRobot('wecom'),
      startRobot('feishu'),
      startRobot('webhook'),
    ])
    const mail = await startMailServer()
    const secret = SigningSecret.create().reveal()
    const channels: ChannelSettings[] = [
      { type: 'dingtalk', url: dingtalk.url, secret: ROBOT_SECRET },
      { type: 'wecom', url: wecom.url },
      { type: 'feishu', url: feishu.url, secret: ROBOT_SECRET },
      { type: 'webhook', url: program.url, secret },
      { type: 'email', url: mail.url, from: 'saoma@shop.example', to: ['boss@shop.example'] },
    ]
    for (const settings of channels) await alarms.create({ name: settings.type, settings })
    expect(await alarms.raise(review('pay_1'))).toBe(true)
    expect(await alarms.runDue()).toBe(5)

    const text = '【付款需要处理】\nA payment needs attention\npay_1: late'
    expect([dingtalk.said, wecom.said, feishu.said]).toEqual([[text], [text], [text]])
    const headers = program.headers[0] as Record<string, string>
    expect(new Webhook(secret).verify(program.said[0] ?? '', headers)).toMatchObject({
      type: 'alarm',
      kind: 'payment_review',
      lines: ['A payment needs attention', 'pay_1: late'],
    })
    expect(mail.mails[0]).toContain('To: boss@shop.example')
    expect(mail.mails[0]).toContain('pay_1: late')
    expect(await alarms.runDue()).toBe(0)
  })

  test('one that is found again is told once; more of its kind gather until they may be', async () => {
    const opened = await kind.open()
    const { alarms } = open(opened)
    const robot = await startRobot('wecom')
    await alarms.create({ name: '值班', settings: { type: 'wecom', url: robot.url } })
    await alarms.raise(review('pay_1'))
    expect(await alarms.raise(review('pay_1'))).toBe(false)
    await alarms.runDue()
    for (let count = 2; count <= 14; count++) await alarms.raise(review(`pay_${count}`))
    await alarms.raise({ kind: 'gateway_down', about: 'now', text: 'no answer' })
    // Another kind does not wait for this one.
    expect(await alarms.runDue()).toBe(1)
    expect(robot.said).toHaveLength(2)

    if (kind.kind === 'sqlite') await opened.advance(ALARM_THROTTLE_MS + 1)
    else await opened.query(`update alarm_deliveries set told_at = told_at - ${ALARM_THROTTLE_MS}`)
    if (kind.kind === 'postgresql') await opened.query('select pg_sleep(0.01)')
    expect(await alarms.runDue()).toBe(1)
    expect(robot.said[2]?.split('\n')).toHaveLength(2 + 10 + 1)
    expect(robot.said[2]).toContain('and 3 more')
  })

  test('a refusal is explained without the address, and tried again until it is taken', async () => {
    const opened = await kind.open()
    const { alarms, errors } = open(opened)
    const robot = await startRobot('dingtalk')
    const settings = { type: 'dingtalk', url: robot.url, secret: 'another' } as const
    const { id } = await alarms.create({ name: 'a', settings })
    expect(await alarms.test(id)).toEqual({
      error:
        'refused it with code 310000: the secret (加签), the keyword or the IP list does not fit',
    })
    await alarms.raise(review('pay_1'))
    await alarms.runDue()
    expect(errors.join()).toMatch(/^AlarmNotTold: The channel alc_\w+ was not told .*310000/)
    expect(errors.join()).not.toContain('TOKEN')
    expect(await alarms.runDue()).toBe(0)

    await alarms.update(id, { settings: { ...settings, secret: ROBOT_SECRET } })
    if (kind.kind === 'sqlite') await opened.advance(10_001)
    else await opened.query('update alarm_deliveries set due_at = 0')
    expect(await alarms.runDue()).toBe(1)
    expect(robot.said).toHaveLength(1)
  })

  test('what a node had in hand when it died is told by another, once its lease is over', async () => {
    const opened = await kind.open()
    const { alarms } = open(opened)
    const robot = await startRobot('wecom')
    await alarms.create({ name: 'a', settings: { type: 'wecom', url: robot.url } })
    await alarms.raise(review('pay_1'))
    const dead = { token: 'dead', leaseMs: 60_000, throttleMs: 1, limit: 9 }
    expect(await opened.store.alarms.claimDue(dead)).toHaveLength(1)
    expect(await alarms.runDue()).toBe(0)
    if (kind.kind === 'sqlite') await opened.advance(60_001)
    else await opened.query('update alarm_deliveries set due_at = 0, leased_until = 0')
    expect(await alarms.runDue()).toBe(1)
    // Who comes too late writes nothing.
    const [{ id: deliveryId } = { id: '' }] = (await opened.query(
      'select id from alarm_deliveries',
    )) as { id: string }[]
    const late = { token: 'dead', deliveryIds: [deliveryId], error: 'late', againInMs: 0 }
    await opened.store.alarms.settle(late)
    expect(await opened.query('select status, error from alarm_deliveries')).toEqual([
      { status: 'told', error: null },
    ])
  })

  test('a channel is told of its kinds alone, not while it is disabled, nothing once deleted', async () => {
    const { alarms } = open(await kind.open())
    const robot = await startRobot('wecom')
    const settings = { type: 'wecom', url: robot.url } as const
    const { id } = await alarms.create({ name: 'a', settings, kinds: ['gateway_down'] })
    await alarms.raise(review('pay_1'))
    expect(await alarms.runDue()).toBe(0)
    await alarms.update(id, { kinds: '*', status: 'disabled' })
    await alarms.raise(review('pay_2'))
    expect(await alarms.runDue()).toBe(0)
    await alarms.update(id, { status: 'enabled' })
    await alarms.raise(review('pay_3'))
    expect(await alarms.delete(id)).toBe(true)
    expect(await alarms.runDue()).toBe(0)
    expect(robot.said).toEqual([])
  })

  test('addresses and secrets are sealed', async () => {
    const opened = await kind.open()
    const { alarms } = open(opened)
    const settings = {
      type: 'dingtalk',
      url: 'https://oapi.dingtalk.com/robot/send?access_token=TOKEN',
      secret: ROBOT_SECRET,
    } as const
    const channel = await alarms.create({ name: 'a', settings })
    expect(channel.hint).toBe('oapi.dingtalk.com')
    const kept = JSON.stringify([channel, await opened.query('select * from alarm_channels')])
    expect(kept).not.toMatch(/TOKEN|SEC0123/)
  })
})

const sqlite = storeKinds[0] as (typeof storeKinds)[0]

test('a program without a secret is told unsigned', async () => {
  const { alarms } = open(await sqlite.open())
  const { url, said } = await startRobot('webhook')
  const { id } = await alarms.create({ name: 'a', settings: { type: 'webhook', url } })
  expect(await alarms.test(id)).toEqual({ error: null })
  expect(said).toHaveLength(1)
})

test.each([
  ['http://169.254.169.254/latest', 'metadata'],
  ['http://10.0.0.8/hook', 'private'],
  ['ftp://robot.example/', 'absolute URL'],
])('%s is no address of a channel', async (url, reason) => {
  const { alarms } = open(await sqlite.open())
  await expect(
    alarms.create({ name: 'a', settings: { type: 'webhook', url } }),
  ).rejects.toMatchObject({
    code: 'channel_invalid',
    param: 'url',
    message: expect.stringContaining(reason),
  })
})

test.each(['webhook', 'email'] as const)(
  'a name of a private address is refused: %s',
  async (type) => {
    const { alarms } = open(await sqlite.open(), {
      addresses: {},
      lookup: async () => [{ address: '192.168.1.4', family: 4 }],
    })
    const settings: ChannelSettings =
      type === 'email'
        ? { type, url: 'smtp://mail.example', from: 'a@b.example', to: ['c@d.example'] }
        : { type, url: 'http://hooks.example/' }
    const { id } = await alarms.create({ name: 'a', settings })
    expect((await alarms.test(id))?.error).toContain('private')
  },
)
