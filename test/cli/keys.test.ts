import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import {
  keyFingerprint,
  loadPrivateKey,
  loadPublicKey,
  MovableClock,
  parseBeijingTime,
  sameKey,
} from '../../src/alipay/index.ts'
import { checkKeys, formatKeysReport, type CheckOptions } from '../../src/cli/keys-check.ts'
import { formatGeneratedKeys, generateKeys } from '../../src/cli/keys-generate.ts'
import { createStyle } from '../../src/cli/output.ts'
import { vectorText } from '../vectors.ts'
import { runSaoma } from './run-saoma.ts'

const folder = mkdtempSync(join(tmpdir(), 'saoma-keys-'))
afterAll(() => rmSync(folder, { recursive: true }))

const clock = new MovableClock(parseBeijingTime('2026-12-01 00:00:00'))
const style = createStyle({}, {})
const key = (name: string): string => vectorText(`keys/${name}`)
const certificateFile = (name: string): string =>
  resolve(import.meta.dirname, `../vectors/certificates/${name}.pem`)

describe('generate', () => {
  test.each(['pkcs8', 'pkcs1'] as const)('makes a pair of 2048 bits that loads (%s)', (format) => {
    const keys = generateKeys({ folder: join(folder, format), format })
    const privateText = readFileSync(keys.files.private, 'utf8')
    const publicText = readFileSync(keys.files.public, 'utf8')
    expect(privateText).toMatch(
      format === 'pkcs8' ? /^MII\w+IBADANB.*\n$/ : /^MII\w+IBAAKCAQEA.*\n$/,
    )
    expect(publicText).toMatch(/^MIIBIjANBgkqhkiG9w0B.*\n$/)
    expect(sameKey(loadPrivateKey(privateText), loadPublicKey(publicText))).toBe(true)
    expect(keys.fingerprint).toBe(keyFingerprint(loadPublicKey(publicText)))
  })

  test.skipIf(process.platform === 'win32')('lets its owner alone read the private key', () => {
    const { files } = generateKeys({ folder: join(folder, 'owner'), format: 'pkcs8' })
    expect(statSync(files.private).mode & 0o777).toBe(0o600)
  })

  test('never overwrites a key', () => {
    const options = { folder: join(folder, 'twice'), format: 'pkcs8' } as const
    const { files, app_private_key } = generateKeys(options)
    expect(() => generateKeys(options)).toThrow('is not overwritten')
    rmSync(files.private)
    expect(() => generateKeys(options)).toThrow('app-public-key.txt is there already')
    expect(app_private_key).not.toBe('')
  })

  test('shows the public key, and the private one only if asked', () => {
    const keys = generateKeys({ folder: join(folder, 'shown'), format: 'pkcs8' })
    const text = formatGeneratedKeys(keys, style)
    expect(text).toContain(keys.app_public_key)
    expect(text).toContain(keys.fingerprint)
    expect(text).not.toContain(keys.app_private_key)
  })

  test('as a command writes two files, and prints the private key with --json or --print', async () => {
    const [quiet, json, print] = await Promise.all([
      runSaoma(['keys', 'generate', '--out', join(folder, 'quiet')]),
      runSaoma(['keys', 'generate', '--out', join(folder, 'json'), '--json']),
      runSaoma(['keys', 'generate', '--out', join(folder, 'print'), '--print']),
    ])
    const privateKey = (name: string): string =>
      readFileSync(join(folder, name, 'app-private-key.txt'), 'utf8').trim()
    expect(quiet).toMatchObject({ code: 0, stderr: '' })
    expect(quiet.stdout).not.toContain(privateKey('quiet'))
    expect(JSON.parse(json.stdout)).toMatchObject({
      app_private_key: privateKey('json'),
      bits: 2048,
    })
    expect(print.stdout).toContain(privateKey('print'))
    const again = await runSaoma(['keys', 'generate', '--out', join(folder, 'quiet')])
    expect(again.code).toBe(1)
    expect(again.stderr.trim().split('\n')).toHaveLength(1)
  })
})

describe('check', () => {
  const right: CheckOptions = {
    appPrivateKey: key('application-private-key.pkcs8.txt'),
    alipayPublicKey: key('alipay-public-key.pem'),
  }
  const certificates: CheckOptions = {
    appPrivateKey: key('application-private-key.pkcs1.pem'),
    appCert: certificateFile('application'),
    alipayCert: certificateFile('alipay'),
    alipayRootCert: certificateFile('root-bundle'),
  }
  const problems = (options: CheckOptions, env: Record<string, string> = {}): string[] =>
    checkKeys(options, env, clock).items.flatMap(({ name, problems }) =>
      problems.map(({ code }) => `${name}: ${code}`),
    )

  test.each([
    ['keys', { ...right, encryptKey: Buffer.alloc(16).toString('base64') }],
    ['certificates', certificates],
  ])('finds nothing wrong with %s that fit', (_, options) => {
    expect(checkKeys(options, {}, clock)).toMatchObject({ status: 'right' })
    expect(problems(options)).toEqual([])
  })

  test('tells kind, format, bits and fingerprint, and never the key', () => {
    const report = checkKeys(right, {}, clock)
    expect(report.items[0]).toMatchObject({
      name: 'app_private_key',
      origin: '--app-private-key',
      format: 'private key, PKCS#8, base64 without armour',
      bits: 2048,
      fingerprint: keyFingerprint(loadPrivateKey(right.appPrivateKey!)),
    })
    const shown = JSON.stringify(report) + formatKeysReport(report, style)
    expect(shown).not.toContain(right.appPrivateKey!.trim().slice(100, 150))
  })

  const short = key('short-private-key.pem')
  test.each<[string, CheckOptions]>([
    [
      'app_private_key: public_key_given_as_private',
      { appPrivateKey: key('application-public-key.spki.txt') },
    ],
    [
      'app_private_key: certificate_given_as_private',
      { appPrivateKey: certificateFile('application') },
    ],
    [
      'app_private_key: truncated',
      { appPrivateKey: key('application-private-key.pkcs8.txt').slice(0, 800) },
    ],
    [
      'app_private_key: encrypted',
      { appPrivateKey: key('application-private-key.encrypted.pkcs8.pem') },
    ],
    ['app_private_key: too_short_for_rsa2', { appPrivateKey: short }],
    ['app_private_key: not_rsa', { appPrivateKey: key('ec-private-key.pem') }],
    ['app_private_key: unreadable', { appPrivateKey: 'no-such-file.pem' }],
    [
      'alipay_public_key: private_key_given_as_public',
      { alipayPublicKey: key('alipay-private-key.pem') },
    ],
    [
      'alipay_public_key: own_application_key_given_as_alipay',
      { ...right, alipayPublicKey: key('application-public-key.pkcs1.pem') },
    ],
    ['alipay_public_key: too_short_for_rsa2', { alipayPublicKey: key('short-public-key.pem') }],
    ['app_cert: key_mismatch', { ...certificates, appCert: certificateFile('of-merchant') }],
    ['app_cert: wrong_file', { ...certificates, appCert: certificateFile('authority') }],
    ['app_cert: expired', { appCert: certificateFile('expired') }],
    ['app_cert: wrong_file', { appCert: key('application-public-key.spki.pem') }],
    ['alipay_cert: wrong_file', { ...certificates, alipayCert: certificateFile('application') }],
    ['alipay_cert: wrong_file', { ...certificates, alipayCert: certificateFile('root-rsa') }],
    ['alipay_cert: expired', { ...certificates, alipayCert: certificateFile('expired') }],
    [
      'alipay_cert: not_yet_valid',
      { ...certificates, alipayCert: certificateFile('not-yet-valid') },
    ],
    ['alipay_cert: chain_broken', { ...certificates, alipayCert: certificateFile('of-stranger') }],
    [
      'alipay_root_cert: wrong_file',
      { ...certificates, alipayRootCert: certificateFile('alipay') },
    ],
    ['encrypt_key: unreadable', { encryptKey: 'too short to be one' }],
    ['encrypt_key: rsa_key_given_as_aes', { encryptKey: key('application-public-key.spki.txt') }],
  ])('names %s', (expected, options) => {
    expect(problems(options)).toEqual([expected])
  })

  test('takes a 1024-bit key where the algorithm is the old RSA', () => {
    expect(problems({ appPrivateKey: short, signType: 'RSA' })).toEqual([])
  })

  test('reads the environment, says what is missing there, and whose certificate it is', () => {
    const file = join(folder, 'private.txt')
    writeFileSync(file, right.appPrivateKey!, { mode: 0o600 })
    expect(problems({}, { SAOMA_APP_PRIVATE_KEY_FILE: file })).toEqual([
      'alipay_public_key: missing',
    ])
    expect(problems({}, { SAOMA_ALIPAY_PUBLIC_KEY: right.alipayPublicKey! })).toEqual([
      'app_private_key: missing',
    ])
    const inCertificateMode = {
      SAOMA_APP_ID: '2021000000000009',
      SAOMA_APP_PRIVATE_KEY_FILE: file,
      SAOMA_APP_CERT_FILE: certificateFile('application'),
      SAOMA_ALIPAY_CERT_FILE: certificateFile('alipay'),
    }
    expect(problems({}, inCertificateMode)).toEqual([
      'app_cert: wrong_application',
      'alipay_root_cert: missing',
    ])
  })

  test.skipIf(process.platform === 'win32')('warns of a private key that others may read', () => {
    const file = join(folder, 'open.txt')
    writeFileSync(file, right.appPrivateKey!, { mode: 0o644 })
    const [item] = checkKeys({ appPrivateKey: file }, {}, clock).items
    expect(item?.notes.join()).toContain('chmod 600')
    expect(item?.problems).toEqual([])
  })

  test('ends with 0 if all is right, 1 if something is wrong, 2 if nothing is configured', async () => {
    const env = {
      SAOMA_APP_PRIVATE_KEY: right.appPrivateKey!,
      SAOMA_ALIPAY_PUBLIC_KEY: right.alipayPublicKey!,
    }
    const [ok, wrong, nothing] = await Promise.all([
      runSaoma(['keys', 'check', '--json'], { env }),
      runSaoma(['keys', 'check'], {
        env: { ...env, SAOMA_ALIPAY_PUBLIC_KEY: key('application-public-key.spki.txt') },
      }),
      runSaoma(['keys', 'check']),
    ])
    expect(ok.code).toBe(0)
    expect(JSON.parse(ok.stdout)).toMatchObject({ status: 'right' })
    expect(wrong.code).toBe(1)
    expect(wrong.stdout).toContain('your own application public key')
    expect(nothing.code).toBe(2)
    expect(nothing.stdout).toContain('saoma keys generate')
  })
})
