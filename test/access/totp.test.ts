/**
 * Codes of authenticators, against the known answers of RFC 6238, appendix B.
 *
 * @module
 */
import { expect, test } from 'vitest'
import { toInstant } from '../../src/alipay/index.ts'
import { toBase32, totpCode, totpStepOf, totpUri } from '../../src/access/totp.ts'

const secret = toBase32(Buffer.from('12345678901234567890'))

test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('at %i s it is %s', (seconds, code) => {
  expect(totpCode(secret, Math.floor(seconds / 30))).toBe(code)
})

test('a code holds in its 30 seconds and those beside them', () => {
  const at = (seconds: number) => totpStepOf(secret, '081804', toInstant(seconds * 1000))
  expect([-60, -30, 0, 30, 60].map((off) => at(1_111_111_109 + off))).toEqual([
    undefined,
    37_037_036,
    37_037_036,
    37_037_036,
    undefined,
  ])
  expect(totpStepOf(secret, '81804', toInstant(1_111_111_109_000))).toBeUndefined()
})

test('base32 is that of RFC 4648, and the address names whose codes they are', () => {
  expect(
    ['f', 'fo', 'foo', 'foob', 'fooba', 'foobar'].map((t) => toBase32(Buffer.from(t))),
  ).toEqual(['MY', 'MZXQ', 'MZXW6', 'MZXW6YQ', 'MZXW6YTB', 'MZXW6YTBOI'])
  expect(totpUri('ABC', 'a@b.example', '清晨 咖啡')).toBe(
    'otpauth://totp/%E6%B8%85%E6%99%A8%20%E5%92%96%E5%95%A1:a%40b.example?secret=ABC&issuer=%E6%B8%85%E6%99%A8%20%E5%92%96%E5%95%A1',
  )
})
