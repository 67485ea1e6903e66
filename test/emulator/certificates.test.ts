import { execFileSync } from 'node:child_process'
import { X509Certificate, createPublicKey } from 'node:crypto'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { certificateSerialNumber } from '../../src/alipay/certificate.ts'
import { encodeText } from '../../src/alipay/charset.ts'
import { loadPrivateKey, sameKey } from '../../src/alipay/keys.ts'
import { verifySignature } from '../../src/alipay/signer.ts'
import { type Emulator, createEmulator } from '../../src/emulator/index.ts'
import { type GatewayAnswer, call, emulatorAt } from './merchant.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'saoma-emulator-'))
  folders.push(folder)
  return folder
}

function isSignedBy(certificate: string, answer: GatewayAnswer): boolean {
  const key = createPublicKey(
    new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'pem' }),
  )
  return verifySignature(encodeText(answer.rawNode, 'utf-8'), answer.sign ?? '', key, 'RSA2')
}

function download(emulator: Emulator, alipay_cert_sn: string | undefined) {
  const method = 'alipay.open.app.alipaycert.download'
  return call(emulator, method, { alipay_cert_sn }, { mode: 'certificate' })
}

describe('certificates', () => {
  test('are read by node, and named as Alipay names its own', async () => {
    const { app_id, seller_id, certificates } = (await emulatorAt()).credentials
    const app = new X509Certificate(certificates.app)
    const root = new X509Certificate(certificates.root)
    expect(app.issuer).toBe(
      'C=CN\nO=Saoma Emulator\nOU=Certification Authority\nCN=Saoma Emulator Certification Authority Class 2 R1',
    )
    expect(app.subject).toContain(`CN=${seller_id}-${app_id}`)
    expect(app.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/)
    expect(root.ca).toBe(true)
    expect(app.ca).toBe(false)
    for (const certificate of [app, root, new X509Certificate(certificates.alipay)]) {
      expect(certificate.verify(root.publicKey)).toBe(true)
    }
  })

  test('pass openssl verify under the root bundle', async () => {
    const { certificates } = (await emulatorAt()).credentials
    const folder = newFolder()
    for (const [name, pem] of Object.entries(certificates)) writeFileSync(join(folder, name), pem)
    const files = ['app', 'alipay'].map((name) => join(folder, name))
    const args = ['verify', '-x509_strict', '-CAfile', join(folder, 'root'), ...files]
    expect(execFileSync('openssl', args, { encoding: 'utf8' }).match(/: OK/g)).toHaveLength(2)
    const text = execFileSync('openssl', ['x509', '-noout', '-text', '-in', files[0] ?? ''], {
      encoding: 'utf8',
    })
    expect(text).toContain('Version: 3 (0x2)')
    expect(text).toContain('Digital Signature, Non Repudiation')
  })

  test('hold the keys that the credentials name', async () => {
    const { credentials } = await emulatorAt()
    const app = new X509Certificate(credentials.certificates.app)
    for (const key of [credentials.app_private_key, credentials.app_private_key_pkcs1]) {
      expect(sameKey(app.publicKey, loadPrivateKey(key))).toBe(true)
    }
    expect(credentials.app_id).toMatch(/^9021\d{12}$/)
    expect(credentials.seller_id).toMatch(/^2088\d{12}$/)
  })
})

describe('certificate mode', () => {
  test('a request with app_cert_sn is answered with alipay_cert_sn between node and sign', async () => {
    const emulator = await emulatorAt()
    const { alipay } = emulator.credentials.certificates
    const answer = await call(
      emulator,
      'alipay.trade.query',
      { out_trade_no: 'X' },
      { mode: 'certificate' },
    )
    expect(answer.text).toMatch(/\},"alipay_cert_sn":"[0-9a-f]{32}","sign":"[^"]{344}"\}$/)
    expect(answer.certSn).toBe(certificateSerialNumber(alipay))
    expect(isSignedBy(alipay, answer)).toBe(true)
  })

  test.each([
    [{ alipay_root_cert_sn: '' }, 'isv.missing-alipay-root-cert-sn'],
    [{ alipay_root_cert_sn: 'abc' }, 'isv.invalid-alipay-root-cert-sn'],
    [{ app_cert_sn: '' }, 'isv.missing-app-cert-sn'],
  ])('with %j is refused with %s', async (params, subCode) => {
    const emulator = await emulatorAt()
    const biz = { out_trade_no: 'X' }
    const { node } = await call(emulator, 'alipay.trade.query', biz, {
      mode: 'certificate',
      params,
    })
    expect(node).toMatchObject({ code: '40002', sub_code: subCode })
  })

  test('after a rollover answers name a new certificate, which can be downloaded and leads to the root', async () => {
    const emulator = await createEmulator({ baseUrl: 'http://127.0.0.1:6201', folder: newFolder() })
    const { alipay, root } = emulator.credentials.certificates
    emulator.faults.add({ name: 'certificate-rollover' })
    const query = () =>
      call(emulator, 'alipay.trade.query', { out_trade_no: 'X' }, { mode: 'certificate' })
    const answer = await query()
    expect(answer.certSn).not.toBe(certificateSerialNumber(alipay))
    expect((await query()).certSn).toBe(answer.certSn)
    const { node } = await download(emulator, answer.certSn)
    const pem = Buffer.from(node['alipay_cert_content'] ?? '', 'base64').toString()
    expect(isSignedBy(pem, answer)).toBe(true)
    const certificate = new X509Certificate(pem)
    expect(certificate.verify(new X509Certificate(root).publicKey)).toBe(true)
    expect((await download(emulator, 'f'.repeat(32))).node).toMatchObject({
      sub_code: 'isv.alipay-cert-not-exist',
    })
    await emulator.stop()
  })
})

test('keys are made once for each folder, and readable by their owner alone', async () => {
  const folder = newFolder()
  const options = { baseUrl: 'http://127.0.0.1:6201', folder }
  const first = await createEmulator(options)
  await first.stop()
  const second = await createEmulator(options)
  await second.stop()
  expect(second.credentials).toEqual(first.credentials)
  expect(statSync(join(folder, 'credentials.json')).mode & 0o777).toBe(0o600)
  const other = await createEmulator({ ...options, folder: newFolder() })
  await other.stop()
  expect(other.credentials.app_private_key).not.toBe(first.credentials.app_private_key)
})
