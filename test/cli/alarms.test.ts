/**
 * Alarms of a server that runs: made over the API, tried out by the command, told by the watch.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { ROBOT_SECRET, startRobot } from '../alarms/receivers.ts'
import { PATIENCE, saoma, startDev } from '../saoma-program.ts'

test('a channel is made, tried out, listed without its address, and audited without its secret', async () => {
  const dev = await startDev()
  const robot = await startRobot('dingtalk')
  const folder = `--folder=${dev.options.folder}`
  const none = await saoma(['alarms', 'test', folder])
  expect([none.code, none.stdout]).toEqual([1, 'There are no channels.\n'])

  const body = { name: '值班群', type: 'dingtalk', url: robot.url, secret: ROBOT_SECRET }
  const channel = await dev.api<{ id: string; hint: string }>('POST', '/alarm_channels', body)
  const tried = await saoma(['alarms', 'test', folder])
  expect([tried.code, tried.stderr]).toEqual([0, ''])
  expect(tried.stdout).toContain('told')
  expect(robot.said[0]).toContain('测试告警')

  const listed = await saoma(['alarms', 'list', folder])
  expect(listed.stdout).toContain(`${channel.id}  dingtalk ${channel.hint}  值班群  enabled`)
  const audit = JSON.stringify(await dev.api('GET', '/audit_entries'))
  expect(audit).toContain('alarm_channel.create')
  const all = [audit, listed.stdout, dev.stderr(), dev.stdout(), readDatabase(dev.options.folder)]
  expect(all.join()).not.toMatch(/TOKEN|SEC0123/)
})

test('an endpoint that was disabled is told of at once', async () => {
  const dev = await startDev()
  const robot = await startRobot('wecom')
  await dev.api('POST', '/alarm_channels', { name: 'a', type: 'wecom', url: robot.url })
  const gone = await startRobot('webhook')
  gone.failures.push([410, ''])
  await dev.api('POST', '/webhook_endpoints', { url: gone.url })
  await dev.api('POST', '/payments', { amount: 1, subject: '茶' })
  await vi.waitFor(() => expect(robot.said.join()).toContain('Webhook 已停用'), PATIENCE)
  expect(robot.said[0]).toMatch(/whe_\w+ 127\.0\.0\.1:\d+: gone/)
})

function readDatabase(folder: string): string {
  return ['saoma.db', 'saoma.db-wal']
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join()
}
