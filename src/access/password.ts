/**
 * Passwords, kept as what scrypt makes of them, with its parameters, so that they can be raised.
 *
 * @module
 * @see https://www.rfc-editor.org/rfc/rfc7914
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
 */

import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** Characters of a password at the least, as NIST SP 800-63B asks beside a second factor. */
export const PASSWORD_MIN = 10
/** At the most: enough for a sentence. */
export const PASSWORD_MAX = 200

/** The logarithm of scrypt's N by default: with r = 8 and p = 3, 32 MiB and a third of a second. */
export const PASSWORD_LOG_N = 15

const R = 8
const P = 3
const SALT_BYTES = 16
const KEY_BYTES = 32

/** What is kept of a password, e.g. `scrypt$15$8$3$<salt>$<hash>`. */
export async function hashPassword(password: string, logN = PASSWORD_LOG_N): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const key = await inTurn(() => derive(password, salt, { logN, r: R, p: P }, KEY_BYTES))
  return ['scrypt', logN, R, P, salt.toString('base64url'), key.toString('base64url')].join('$')
}

/**
 * Whether it is the password.
 *
 * @param kept `null` for somebody who has none, or is not there: it takes as long to say no.
 * @param ofNobody The cost of that, as {@link PASSWORD_LOG_N}.
 */
export async function isPassword(
  password: string,
  kept: string | null,
  ofNobody = PASSWORD_LOG_N,
): Promise<boolean> {
  const [, logN, r, p, salt = '', hash = ''] = (kept ?? nobody(ofNobody)).split('$')
  const expected = Buffer.from(hash, 'base64url')
  const cost = { logN: Number(logN), r: Number(r), p: Number(p) }
  const key = await inTurn(() =>
    derive(password, Buffer.from(salt, 'base64url'), cost, expected.length),
  )
  return timingSafeEqual(key, expected) && kept !== null
}

/** Whether one may be chosen: long enough, neither the address nor one letter again and again. */
export function isAcceptable(password: string, email: string): boolean {
  const text = password.normalize('NFKC')
  const length = Array.from(text).length
  if (length < PASSWORD_MIN || text.length > PASSWORD_MAX) return false
  const [name = ''] = email.split('@')
  const isAddress = [email, name].includes(text.toLowerCase())
  return !isAddress && new Set(text).size > 3
}

interface Cost {
  readonly logN: number
  readonly r: number
  readonly p: number
}

/** Of the same cost as everybody's. */
function nobody(logN: number): string {
  return `scrypt$${logN}$${R}$${P}$${'A'.repeat(22)}$${'A'.repeat(43)}`
}

function derive(
  password: string,
  salt: Uint8Array,
  { logN, r, p }: Cost,
  bytes: number,
): Promise<Buffer> {
  const N = 2 ** logN
  // The same letters by another keyboard are the same password.
  const text = password.normalize('NFKC')
  return new Promise((resolve, reject) => {
    scrypt(text, salt, bytes, { N, r, p, maxmem: 256 * N * r }, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}

/** One at a time: Alipay's signatures are made on the same threads, and memory is bounded. */
let turn: Promise<unknown> = Promise.resolve()
function inTurn(work: () => Promise<Buffer>): Promise<Buffer> {
  const mine = turn.then(work)
  turn = mine.catch(() => {})
  return mine
}
