/**
 * What seals secrets in the database.
 *
 * @module
 */
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { MasterKey, MasterKeyInvalid } from '../../src/access/index.ts'

const text = Buffer.alloc(32, 7).toString('base64')

describe('a master key', () => {
  test('opens what it sealed, for the row that it was sealed for, and each time anew', () => {
    const key = MasterKey.parse(text)
    const sealed = key.seal('whsec_1', 'row_1')
    expect(key.open(sealed, 'row_1')).toBe('whsec_1')
    expect(() => key.open(sealed, 'row_2')).toThrow(MasterKeyInvalid)
    expect(key.seal('whsec_1', 'row_1')).not.toBe(sealed)
    expect(sealed).not.toContain('whsec')
  })

  test('finds out what was altered', () => {
    const key = MasterKey.parse(text)
    const sealed = key.seal('whsec_1', 'row_1')
    const parts = sealed.split('.')
    const bytes = Buffer.from(parts[3] ?? '', 'base64url')
    for (let index = 0; index < bytes.length; index++) {
      const altered = Buffer.from(bytes)
      altered[index] = (altered[index] ?? 0) ^ 1
      const forged = [...parts.slice(0, 3), altered.toString('base64url')].join('.')
      expect(() => key.open(forged, 'row_1')).toThrow('altered')
    }
    expect(() => key.open('plain text', 'row_1')).toThrow(MasterKeyInvalid)
  })

  test('is changed with the new one in front: both open, the new one seals', () => {
    const old = MasterKey.parse(text)
    const fresh = Buffer.alloc(32, 9).toString('base64')
    const both = MasterKey.parse(`${fresh},${text}`)
    const sealed = old.seal('secret', 'row_1')
    expect(both.open(sealed, 'row_1')).toBe('secret')
    expect([both.isCurrent(sealed), both.isCurrent(both.seal('secret', 'row_1'))]).toEqual([
      false,
      true,
    ])
    expect(() => MasterKey.parse(fresh).open(sealed, 'row_1')).toThrow('another master key')
  })

  test('never prints', () => {
    const key = MasterKey.parse(text)
    expect([String(key), JSON.stringify({ key }), inspect(key)].join()).not.toContain(text)
    expect(inspect({ key })).toContain('[redacted]')
  })

  test.each(['', 'short', `${text}x`, Buffer.alloc(31).toString('base64'), `${text},`])(
    '%j is none',
    (wrong) => {
      expect(() => MasterKey.parse(wrong)).toThrow('openssl rand -base64 32')
    },
  )
})
