/**
 * Passwords: kept with their cost and a salt each, told apart, and fit to be chosen.
 *
 * @module
 */
import { expect, test } from 'vitest'
import { hashPassword, isAcceptable, isPassword } from '../../src/access/password.ts'

test('they are kept by scrypt at 32,768 rounds unless it is said, each with its own salt', async () => {
  expect(await hashPassword('密码 long enough')).toMatch(/^scrypt\$15\$8\$3\$[\w-]{22}\$[\w-]{43}$/)
  const [one, other] = await Promise.all([hashPassword('same one', 4), hashPassword('same one', 4)])
  expect(one).not.toBe(other)
  expect(await isPassword('same one', one)).toBe(true)
  expect(await isPassword('same onE', one)).toBe(false)
  // Typed with full-width letters, as Chinese keyboards do.
  expect(await isPassword('ｓａｍｅ one', one)).toBe(true)
  expect(await isPassword('', null, 4)).toBe(false)
})

test.each([
  ['123456789', false],
  ['1234567890', true],
  ['aaaaaaaaaaaaaaa', false],
  ['Boss.Name@Shop.example', false],
  ['boss.name01', true],
  ['x'.repeat(50) + 'abcd'.repeat(50), false],
])('%s may be chosen: %s', (password, isFit) => {
  expect(isAcceptable(password, 'boss.name@shop.example')).toBe(isFit)
})
