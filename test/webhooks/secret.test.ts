/**
 * Secrets: their form, their terms, and that they never print.
 *
 * @module
 */
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { addMs, toInstant } from '../../src/alipay/index.ts'
import {
  KeptSecrets,
  plainVault,
  SECRET_BYTES,
  SECRETS_MAX,
  SigningSecret,
  type SecretVault,
} from '../../src/webhooks/index.ts'

const now = toInstant(1_795_400_000_000)
const HOUR_MS = 3_600_000

test('a new secret is whsec_ and base64 of 32 random bytes, and reads back', () => {
  const secret = SigningSecret.create()
  const [, base64 = ''] = /^whsec_(.+)$/.exec(secret.reveal()) ?? []
  expect(Buffer.from(base64, 'base64')).toHaveLength(SECRET_BYTES)
  expect(SigningSecret.parse(secret.reveal()).reveal()).toBe(secret.reveal())
  expect(SigningSecret.create().reveal()).not.toBe(secret.reveal())
})

test('neither a secret nor those of an endpoint print', () => {
  const secret = SigningSecret.create()
  const kept = KeptSecrets.of(secret, 'whe_1', { vault: plainVault, now })
  for (const holder of [{ secret }, { kept }, { secrets: [secret, kept] }]) {
    const printed = [
      JSON.stringify(holder),
      inspect(holder, { depth: 9, showHidden: true }),
      Object.values(holder).join(),
    ]
    for (const text of printed) {
      expect(text).toContain('[redacted]')
      expect(text).not.toContain(secret.reveal().slice(6))
    }
  }
})

describe('a change of secrets', () => {
  const [first, second, third] = [1, 2, 3].map(() => SigningSecret.create()) as [
    SigningSecret,
    SigningSecret,
    SigningSecret,
  ]
  const vault = plainVault
  const start = KeptSecrets.of(first, 'whe_1', { vault, now })
  const names = new Map([first, second, third].map((secret, index) => [secret.reveal(), index + 1]))
  const inForce = (kept: KeptSecrets, ms: number) =>
    kept.inForce('whe_1', vault, addMs(now, ms)).map((secret) => names.get(secret.reveal()))

  test('lets the former one hold for the overlap, after the new one', () => {
    const kept = start.rotate(second, 'whe_1', { vault, now, overlapMs: HOUR_MS })
    expect(inForce(kept, 0)).toEqual([2, 1])
    expect(inForce(kept, HOUR_MS - 1)).toEqual([2, 1])
    expect(inForce(kept, HOUR_MS)).toEqual([2])
    expect(kept.terms()).toEqual([
      { createdAt: now, holdsUntil: null },
      { createdAt: now, holdsUntil: addMs(now, HOUR_MS) },
    ])
  })

  test('never lets one hold longer than it was to', () => {
    const kept = start
      .rotate(second, 'whe_1', { vault, now, overlapMs: HOUR_MS })
      .rotate(third, 'whe_1', { vault, now, overlapMs: 9 * HOUR_MS })
    expect(inForce(kept, 0)).toEqual([3, 2, 1])
    expect(inForce(kept, HOUR_MS)).toEqual([3, 2])
  })

  test('with no overlap ends all former ones at once, even where they cannot be read', () => {
    const kept = start.rotate(second, 'whe_1', { vault, now, overlapMs: 0 })
    expect(inForce(kept, 0)).toEqual([2])
    const unreadable = new KeptSecrets('{')
    const saved = unreadable.rotate(second, 'whe_1', { vault, now, overlapMs: 0 })
    expect(inForce(saved, 0)).toEqual([2])
    expect(() => unreadable.rotate(second, 'whe_1', { vault, now, overlapMs: 1 })).toThrow(
      'cannot be read',
    )
  })

  test('is refused while as many hold as may', () => {
    let kept = start
    const change = { vault, now, overlapMs: HOUR_MS }
    for (let held = 1; held < SECRETS_MAX; held++) {
      kept = kept.rotate(SigningSecret.create(), 'whe_1', change)
    }
    const act = () => kept.rotate(SigningSecret.create(), 'whe_1', change)
    expect(act).toThrow('4 secrets of this endpoint hold already')
    expect(act).toThrow(expect.objectContaining({ problem: 'too_many_secrets' }))
    const later = { ...change, now: addMs(now, HOUR_MS) }
    expect(kept.rotate(second, 'whe_1', later).terms()).toHaveLength(2)
  })
})

test('secrets are kept sealed, bound to their endpoint', () => {
  const vault: SecretVault = {
    seal: (text, rowId) => `sealed(${Buffer.from(`${rowId} ${text}`).toString('hex')})`,
    open: (sealed, rowId) => {
      const [id, text = ''] = Buffer.from(sealed.slice(7, -1), 'hex').toString().split(' ')
      if (id !== rowId) throw new Error(`${text} is of ${id}`)
      return text
    },
  }
  const secret = SigningSecret.create()
  const kept = KeptSecrets.of(secret, 'whe_1', { vault, now })
  expect(kept.kept).not.toContain(secret.reveal())
  expect(kept.inForce('whe_1', vault, now)[0]?.reveal()).toBe(secret.reveal())
  const stolen = () => kept.inForce('whe_2', vault, now)
  expect(stolen).toThrow('Check the master key')
  expect(inspect(errorOf(stolen))).not.toContain(secret.reveal())
})

function errorOf(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    return error
  }
}
