/**
 * Looks at the configured keys and certificates without a network, and names each mistake with the
 * way to mend it.
 *
 * @module
 */

import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  type X509Certificate,
} from 'node:crypto'
import { statSync } from 'node:fs'
import {
  AlipayError,
  assertNotOwnKey,
  certificateSerialNumber,
  createCertificateTrust,
  encryptContent,
  formatRfc3339,
  keyFingerprint,
  loadPrivateKey,
  loadPublicKey,
  rootCertificateSerialNumber,
  toInstant,
  type Clock,
  type SignType,
} from '../alipay/index.ts'
import { parseCertificate, parseCertificates } from '../alipay/certificate.ts'
import { readDer } from '../alipay/der.ts'
import type { Environment } from './configuration.ts'
import { Failure } from './failure.ts'
import { readOption, readVariable, type Source } from './key-sources.ts'
import { columns, printable, type Style } from './output.ts'

/** What is looked at, each a file or the text itself; the rest comes from the environment. */
export interface CheckOptions {
  readonly appPrivateKey?: string
  readonly alipayPublicKey?: string
  readonly appCert?: string
  readonly alipayCert?: string
  readonly alipayRootCert?: string
  readonly encryptKey?: string
  readonly signType?: SignType
}

/** What was found, in the shape of `--json`. */
export interface KeysReport {
  readonly status: 'right' | 'wrong' | 'nothing_configured'
  readonly sign_type: SignType
  readonly items: readonly CheckedItem[]
}

/** One key or certificate. */
export interface CheckedItem {
  readonly name: ItemName
  /** Where it was found; `null` where it is missing. */
  readonly origin: string | null
  /** E.g. `PKCS#8, one line of base64`. */
  readonly format: string | null
  readonly bits: number | null
  /** SHA-256 of the public half; never the key. */
  readonly fingerprint: string | null
  /** Of a certificate: Alipay's serial number, the name, the last day. */
  readonly serial_number: string | null
  readonly subject: string | null
  readonly valid_until: string | null
  /** What is wrong, each with the way to mend it. */
  readonly problems: readonly Problem[]
  /** What is right and may still matter. */
  readonly notes: readonly string[]
}

/** A mistake. */
export interface Problem {
  readonly code: string
  readonly message: string
}

/** The six things that may be configured. */
export type ItemName =
  | 'app_private_key'
  | 'alipay_public_key'
  | 'app_cert'
  | 'alipay_cert'
  | 'alipay_root_cert'
  | 'encrypt_key'

type Draft = { -readonly [Key in keyof CheckedItem]: CheckedItem[Key] } & {
  problems: Problem[]
  notes: string[]
}

/** Options and variables of each item. */
const SOURCES: Readonly<
  Record<
    ItemName,
    { readonly option: keyof CheckOptions; readonly flag: string; readonly variable: string }
  >
> = {
  app_private_key: {
    option: 'appPrivateKey',
    flag: '--app-private-key',
    variable: 'SAOMA_APP_PRIVATE_KEY',
  },
  alipay_public_key: {
    option: 'alipayPublicKey',
    flag: '--alipay-public-key',
    variable: 'SAOMA_ALIPAY_PUBLIC_KEY',
  },
  app_cert: { option: 'appCert', flag: '--app-cert', variable: 'SAOMA_APP_CERT_FILE' },
  alipay_cert: { option: 'alipayCert', flag: '--alipay-cert', variable: 'SAOMA_ALIPAY_CERT_FILE' },
  alipay_root_cert: {
    option: 'alipayRootCert',
    flag: '--alipay-root-cert',
    variable: 'SAOMA_ALIPAY_ROOT_CERT_FILE',
  },
  encrypt_key: { option: 'encryptKey', flag: '--encrypt-key', variable: 'SAOMA_ENCRYPT_KEY' },
}

const NAMES = Object.keys(SOURCES) as ItemName[]

/**
 * Checks what options name, and for the rest what the environment holds. That something is missing
 * is a mistake only where no option is given.
 */
export function checkKeys(options: CheckOptions, env: Environment, clock: Clock): KeysReport {
  const signType = options.signType ?? (env['SAOMA_SIGN_TYPE'] === 'RSA' ? 'RSA' : 'RSA2')
  const byOption = NAMES.some((name) => options[SOURCES[name].option] !== undefined)
  const items = new Map<ItemName, Draft>(NAMES.map((name) => [name, emptyItem(name)]))
  const item = (name: ItemName): Draft => items.get(name)!
  const sources = new Map<ItemName, Source>()
  for (const name of NAMES) {
    const found = attempt(item(name), () => findSource(name, options, env))
    if (found !== undefined) {
      sources.set(name, found)
      item(name).origin = found.origin
    }
  }
  const used = () => [...items.values()].filter((each) => each.origin ?? each.problems[0])
  if (used().length === 0) return { status: 'nothing_configured', sign_type: signType, items: [] }

  const check = <T>(name: ItemName, read: (source: Source, draft: Draft) => T): T | undefined => {
    const source = sources.get(name)
    return source && attempt(item(name), () => read(source, item(name)))
  }
  const privateKey = check('app_private_key', (source, draft) => {
    describeFormat(source, draft)
    warnOfReaders(source, draft)
    return describeKey(loadPrivateKey(source.content, { signType }), draft)
  })
  check('alipay_public_key', (source, draft) => {
    describeFormat(source, draft)
    const key = describeKey(loadPublicKey(source.content, { signType }), draft)
    if (privateKey !== undefined) assertNotOwnKey(key, privateKey)
  })
  for (const name of ['app_cert', 'alipay_cert'] as const) {
    check(name, (source, draft) =>
      describeCertificate(parseCertificate(source.content, FILES[name]), draft),
    )
  }
  check('alipay_root_cert', (source, draft) => {
    const roots = parseCertificates(source.content, FILES.alipay_root_cert)
    draft.format = `${roots.length} certificates`
    draft.serial_number = rootCertificateSerialNumber(roots)
  })
  check('encrypt_key', (source, draft) => describeEncryptKey(source, draft))
  checkCertificatesTogether(sources, items, privateKey, signType, clock)
  if (options.appCert === undefined) checkAppId(item('app_cert'), env['SAOMA_APP_ID'])
  if (!byOption) requireWhole(sources, items)

  const shown = used()
  const wrong = shown.some(({ problems }) => problems.length > 0)
  return { status: wrong ? 'wrong' : 'right', sign_type: signType, items: shown }
}

const FILES = {
  app_cert: 'The application certificate (应用公钥证书, appCertPublicKey_….crt)',
  alipay_cert: 'The Alipay certificate (支付宝公钥证书, alipayCertPublicKey_RSA2.crt)',
  alipay_root_cert: 'The root bundle (支付宝根证书, alipayRootCert.crt)',
} as const

function emptyItem(name: ItemName): Draft {
  return {
    name,
    origin: null,
    format: null,
    bits: null,
    fingerprint: null,
    serial_number: null,
    subject: null,
    valid_until: null,
    problems: [],
    notes: [],
  }
}

function findSource(name: ItemName, options: CheckOptions, env: Environment): Source | undefined {
  const { option, flag, variable } = SOURCES[name]
  return readOption(flag, options[option]) ?? readVariable(variable, env)
}

/** Keeps what is wrong with an item, so that the others are looked at too. */
function attempt<T>(draft: Draft, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof AlipayError) {
      const code = 'problem' in error ? String(error.problem) : 'unreadable'
      addProblem(draft, code, error.message)
    } else if (error instanceof Failure) addProblem(draft, 'unreadable', error.message)
    else throw error
    return undefined
  }
}

function addProblem(draft: Draft, code: string, message: string): void {
  if (!draft.problems.some((known) => known.message === message)) {
    draft.problems.push({ code, message })
  }
}

function describeKey(key: KeyObject, draft: Draft): KeyObject {
  draft.bits = key.asymmetricKeyDetails?.modulusLength ?? null
  draft.fingerprint = keyFingerprint(key)
  return key
}

/** Also of what is then refused, for the format tells what it is instead. */
function describeFormat({ content }: Source, draft: Draft): void {
  const reading = readDer(content)
  if (reading.status !== 'read') return
  const [{ bytes, label }] = reading.blocks
  const structure =
    STRUCTURES.find(({ is }) => succeeds(() => is(bytes)))?.name ?? 'unknown structure'
  draft.format = `${structure}, ${label === undefined ? 'base64 without armour' : 'PEM'}`
}

const STRUCTURES: readonly { name: string; is: (key: Buffer) => unknown }[] = [
  {
    name: 'private key, PKCS#8',
    is: (key) => createPrivateKey({ key, format: 'der', type: 'pkcs8' }),
  },
  {
    name: 'private key, PKCS#1',
    is: (key) => createPrivateKey({ key, format: 'der', type: 'pkcs1' }),
  },
  { name: 'public key, X.509', is: (key) => createPublicKey({ key, format: 'der', type: 'spki' }) },
  {
    name: 'public key, PKCS#1',
    is: (key) => createPublicKey({ key, format: 'der', type: 'pkcs1' }),
  },
  { name: 'certificate', is: (key) => parseCertificate(key) },
]

function succeeds(run: () => unknown): boolean {
  try {
    run()
    return true
  } catch {
    return false
  }
}

function warnOfReaders({ file }: Source, draft: Draft): void {
  if (file === undefined || process.platform === 'win32') return
  if ((statSync(file).mode & 0o077) !== 0) {
    draft.notes.push(`Others on this machine may read the file. Mend it: chmod 600 ${file}`)
  }
}

function describeCertificate(certificate: X509Certificate, draft: Draft): void {
  draft.format = 'certificate'
  describeKey(certificate.publicKey, draft)
  draft.serial_number = certificateSerialNumber(certificate)
  draft.subject = /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? certificate.subject
  draft.valid_until = formatRfc3339(toInstant(Date.parse(certificate.validTo)))
}

/** The three files against each other, the private key and the time. */
function checkCertificatesTogether(
  sources: ReadonlyMap<ItemName, Source>,
  items: ReadonlyMap<ItemName, Draft>,
  applicationKey: KeyObject | undefined,
  signType: SignType,
  clock: Clock,
): void {
  const now = clock.now()
  const appDraft = items.get('app_cert')!
  if (appDraft.valid_until !== null && Date.parse(appDraft.valid_until) < now) {
    addProblem(
      appDraft,
      'expired',
      `It was valid until ${appDraft.valid_until}. Renew it in the console (接口加签方式, 证书) and replace the file.`,
    )
  }
  const [app, alipay, root] = (['app_cert', 'alipay_cert', 'alipay_root_cert'] as const).map(
    (name) =>
      items.get(name)!.problems.some(({ code }) => code !== 'expired')
        ? undefined
        : sources.get(name)?.content,
  )
  if (app === undefined || alipay === undefined || root === undefined) return
  const blame = (error: unknown): ItemName => {
    const message = (error as Error).message
    return (
      (Object.keys(FILES) as (keyof typeof FILES)[]).find((name) =>
        message.startsWith(FILES[name]),
      ) ?? 'alipay_cert'
    )
  }
  let trust: ReturnType<typeof createCertificateTrust>
  try {
    trust = createCertificateTrust({ app, alipay, root, applicationKey, signType })
  } catch (error) {
    attempt(items.get(blame(error))!, () => {
      throw error
    })
    return
  }
  const draft = items.get('alipay_cert')!
  try {
    trust.admit(alipay, certificateSerialNumber(parseCertificate(alipay)), now)
  } catch (error) {
    if (!(error instanceof AlipayError) || !('problem' in error)) throw error
    addProblem(draft, String(error.problem), chainMessage(error.problem, draft, error.message))
  }
}

/** The words of the client are about a certificate that it fetched a moment ago. */
function chainMessage(problem: unknown, { valid_until }: Draft, message: string): string {
  if (problem === 'expired') {
    return `${FILES.alipay_cert}, or one above it, has expired (this one: ${valid_until}). Download the present one from the console.`
  }
  return message.replace(/^The certificate downloaded from Alipay/, FILES.alipay_cert)
}

/** Alipay names an application certificate `<seller id>-<app_id>`. */
function checkAppId(draft: Draft, appId: string | undefined): void {
  const [, ofApplication] = /^\d{16}-(\d{16})$/.exec(draft.subject ?? '') ?? []
  if (ofApplication !== undefined && appId && ofApplication !== appId) {
    addProblem(
      draft,
      'wrong_application',
      `It belongs to the application ${ofApplication}, and SAOMA_APP_ID is ${appId}. Give the file of this application.`,
    )
  }
}

function describeEncryptKey({ content }: Source, draft: Draft): void {
  const text = content.toString().trim()
  if (text.startsWith('MI') && text.length > 60) {
    addProblem(
      draft,
      'rsa_key_given_as_aes',
      'The AES key was given as an RSA key. It is the short line (24 characters) under 接口内容加密方式 in the console.',
    )
    return
  }
  encryptContent('', text)
  draft.bits = Buffer.from(text, 'base64').length * 8
  draft.format = 'AES key, base64'
}

/** What `saoma serve` could not start with. */
function requireWhole(
  sources: ReadonlyMap<ItemName, Source>,
  items: ReadonlyMap<ItemName, Draft>,
): void {
  const certificates = ['app_cert', 'alipay_cert', 'alipay_root_cert'] as const
  const inCertificateMode = certificates.some((name) => sources.has(name))
  const needed: readonly ItemName[] = inCertificateMode
    ? ['app_private_key', ...certificates]
    : ['app_private_key', 'alipay_public_key']
  for (const name of needed) {
    const draft = items.get(name)!
    const { variable } = SOURCES[name]
    const twin = variable.endsWith('_FILE') ? '' : ` or ${variable}_FILE`
    if (draft.origin === null && draft.problems.length === 0) {
      addProblem(draft, 'missing', `It is not configured: set ${variable}${twin}.`)
    }
  }
  if (inCertificateMode && sources.has('alipay_public_key')) {
    items
      .get('alipay_public_key')!
      .notes.push(
        'It is not used: certificates are configured, and an application has one mode at a time.',
      )
  }
}

/** The report for people. */
export function formatKeysReport(report: KeysReport, style: Style): string {
  if (report.status === 'nothing_configured') return NOTHING
  const blocks = report.items.map((item) => {
    const mark = item.problems.length > 0 ? style.red('WRONG') : style.green('right')
    const rows: [string, string | null][] = [
      ['from', item.origin],
      ['is', item.format],
      ['bits', item.bits === null ? null : String(item.bits)],
      ['name', item.subject],
      ['fingerprint', item.fingerprint],
      ['serial number', item.serial_number],
      ['valid until', item.valid_until],
    ]
    const known = rows.flatMap(([name, value]): [string, string][] =>
      value === null ? [] : [[name, printable(value)]],
    )
    return [
      `${mark}  ${style.bold(TITLES[item.name])}`,
      ...(known.length > 0 ? [columns(known)] : []),
      ...item.problems.map(({ message }) => `  ${style.red('!')} ${printable(message)}`),
      ...item.notes.map((note) => `  ${style.yellow('-')} ${printable(note)}`),
    ].join('\n')
  })
  const end =
    report.status === 'right'
      ? `All right for ${report.sign_type}. Whether the Alipay key is that of this application, a call tells: saoma query --direct NO_SUCH_ORDER should answer ACQ.TRADE_NOT_EXIST.`
      : 'Something is wrong; mend it before the first call.'
  return `${blocks.join('\n\n')}\n\n${end}\n`
}

const TITLES: Readonly<Record<ItemName, string>> = {
  app_private_key: 'Application private key (应用私钥)',
  alipay_public_key: 'Alipay public key (支付宝公钥)',
  app_cert: 'Application certificate (应用公钥证书)',
  alipay_cert: 'Alipay certificate (支付宝公钥证书)',
  alipay_root_cert: 'Alipay root certificates (支付宝根证书)',
  encrypt_key: 'AES key (接口内容加密密钥)',
}

const NOTHING = `Nothing is configured. Set SAOMA_APP_PRIVATE_KEY_FILE and
SAOMA_ALIPAY_PUBLIC_KEY_FILE, or give --app-private-key and --alipay-public-key.
No keys yet? saoma keys generate
`
