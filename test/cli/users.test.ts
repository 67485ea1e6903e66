/**
 * The people of the back office from the command line, beside a running server and without one.
 *
 * @module
 */
import { expect, test } from 'vitest'
import { startDev, type Dev } from '../saoma-program.ts'
import { runSaoma } from './run-saoma.ts'

const PASSWORD = 'a long enough password'

const on = (dev: Dev, ...args: string[]) =>
  runSaoma(['users', ...args, '--folder', dev.options.folder])

async function post(dev: Dev, path: string, body: object) {
  const answer = await fetch(`${dev.server}/console/api${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: answer.status, cookie: answer.headers.get('set-cookie') }
}

const tokenIn = (text: string): string => /#([\w-]{43})/.exec(text)?.[1] ?? ''

test('a shop is opened from the terminal, and a locked-out owner let in without a server', async () => {
  const dev = await startDev()
  const code = /开通码: ([\w-]+)/.exec(dev.stdout())?.[1]
  const owner = { email: 'boss@shop.example', name: '老板', password: PASSWORD }
  const made = await post(dev, '/owner', { ...owner, code })
  expect(made).toMatchObject({ status: 200, cookie: expect.stringMatching(/^saoma_session=/) })

  const invited = await on(dev, 'create', 'till@shop.example', '--role', 'cashier')
  expect([invited.code, invited.stderr]).toEqual([0, ''])
  const accepted = { token: tokenIn(invited.stdout), password: PASSWORD }
  expect((await post(dev, '/invitation', accepted)).status).toBe(200)
  const again = await on(dev, 'create', 'till@shop.example', '--role', 'cashier')
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('user_exists')])
  expect((await on(dev, 'create', 'x@shop.example', '--role', 'boss')).code).toBe(2)
  expect((await on(dev, 'disable', 'till@shop.example')).code).toBe(0)
  const signIn = { email: 'till@shop.example', password: PASSWORD }
  expect((await post(dev, '/session', signIn)).status).toBe(401)

  expect(await dev.kill('SIGTERM')).toBe(0)
  const listed = JSON.parse((await on(dev, 'list', '--json')).stdout) as object[]
  expect(listed).toMatchObject([
    { email: 'boss@shop.example', role: 'owner', status: 'active' },
    { email: 'till@shop.example', role: 'cashier', status: 'disabled' },
  ])
  const last = await on(dev, 'disable', 'boss@shop.example')
  expect([last.code, last.stderr]).toEqual([1, expect.stringContaining('last owner')])
  const reset = await on(dev, 'reset', 'Boss@shop.example')
  expect([reset.code, reset.stderr]).toEqual([0, ''])

  const restarted = await startDev(dev.options)
  expect(restarted.stdout()).not.toContain('开通码')
  const { email } = owner
  expect((await post(restarted, '/session', { email, password: PASSWORD })).status).toBe(401)
  const chosen = { token: tokenIn(reset.stdout), password: 'another long password' }
  expect((await post(restarted, '/invitation', chosen)).status).toBe(200)
  const back = { email, password: chosen.password }
  expect((await post(restarted, '/session', back)).status).toBe(200)
})
