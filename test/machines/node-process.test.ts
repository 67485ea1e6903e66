import { expect, test } from 'vitest'
import { startNode, startSaomaProcess, startTypeScript } from './node-process.ts'

const SIGNALED = new URL('./signaled-process.ts', import.meta.url)

test('what a process prints can be waited for and read', async () => {
  const running = startTypeScript(SIGNALED, ['a', 'b'], { env: { GREETING: 'hello' } })
  expect(await running.line(/^ready/)).toBe('ready with hello and a,b')
  expect(await running.line('settings')).toBe('settings: ')
  expect(running.stdout()).toBe('ready with hello and a,b\n')
  expect(await running.kill('SIGKILL')).toBeNull()
})

test('a process that is paused does nothing until it goes on', async () => {
  const running = startTypeScript(SIGNALED)
  await running.line('ready')
  running.pause()
  process.kill(running.pid, 'SIGUSR2')
  // Time for it to do so, if it could: another one starts meanwhile.
  await startTypeScript(SIGNALED).line('ready')
  expect(running.stdout()).not.toContain('told')
  const resumedAt = Date.now()
  running.resume()
  const [, at] = /told at (\d+)/.exec(await running.line('told at')) ?? []
  expect(Number(at)).toBeGreaterThanOrEqual(resumedAt)
})

test('a process that ends without the line is told with what it has printed', async () => {
  const running = startNode(['-e', 'console.log("half"); process.exitCode = 3'])
  await expect(running.line('ready')).rejects.toThrow(/ended without "ready":\nhalf/)
  expect(await running.ended()).toBe(3)
})

test('saoma is started as users have it', async () => {
  const running = await startSaomaProcess(['--version'])
  expect(await running.ended()).toBe(0)
  expect(running.stdout()).toMatch(/^\d+\.\d+\.\d+/)
})

test('a program that is not there is told', () => {
  expect(() => startNode([], { cwd: '/nowhere' })).toThrow('could not be started')
})
