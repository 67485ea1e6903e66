/**
 * `saoma init` at work: asks for what only the merchant knows, makes the keys, checks those that
 * come back, proves all of it by a call, and leaves a folder that `saoma serve` starts from. Each
 * answer is kept as soon as it is given, so that a second run goes on where the first one stopped.
 *
 * @module
 */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { MasterKey } from '../access/index.ts'
import {
  createClient,
  formatBareKey,
  loadPrivateKey,
  loadPublicKey,
  sameKey,
  systemClock,
  type KeyProblem,
} from '../alipay/index.ts'
import {
  gatewayMode,
  readGatewayAddress,
  readGatewayConfiguration,
  type Environment,
} from './configuration.ts'
import { ENVIRONMENT_FILE, readEnvironment, updateEnvironmentFile } from './environment-file.ts'
import { Failure } from './failure.ts'
import { readIfThere, readOrMake } from './folder.ts'
import { initTexts, type InitLanguage, type InitTexts } from './init-texts.ts'
import { readOption } from './key-sources.ts'
import { checkKeys, type ItemName } from './keys-check.ts'
import { generateKeys } from './keys-generate.ts'
import type { Questions } from './questions.ts'
import { tryKeys, type Trial } from './trial-call.ts'

/** What is known beforehand; the rest is asked for. */
export interface InitOptions {
  readonly folder: string
  readonly language: InitLanguage
  /** `sandbox`, `production` or an address. */
  readonly gateway?: string
  readonly appId?: string
  readonly product?: string
  readonly publicUrl?: string
  /** Keys: files, or the texts themselves. */
  readonly appPrivateKey?: string
  readonly alipayPublicKey?: string
  /** Takes what is suggested instead of asking. */
  readonly yes: boolean
  /** Whether keys and settings that the folder has may be replaced by others that are given. */
  readonly force: boolean
}

/** What became of it, in the shape of `--json`. Holds no secret. */
export interface InitResult {
  /** `ready`: proven by a call. */
  readonly status: 'ready' | 'unproven' | 'alipay_public_key_missing'
  readonly folder: string
  readonly mode: 'live' | 'test'
  readonly app_id: string
  /** What is uploaded to Alipay. */
  readonly app_public_key: string
  readonly env_file: string
  /** Why it is not proven. */
  readonly problem: { readonly code: string; readonly message: string } | null
}

/** The products by which a code is taken. */
export const PRODUCTS = ['FACE_TO_FACE_PAYMENT', 'QR_CODE_OFFLINE'] as const

/** Where a server is that nobody has given an address. */
const LOCAL_URL = 'http://127.0.0.1:6200'

/**
 * Sets a folder up.
 *
 * @param questions Who is asked; `undefined` where nobody can be.
 * @param say Takes lines for a person.
 * @throws {Failure} If an answer is missing or wrong, or something would be overwritten.
 */
export async function init(
  options: InitOptions,
  questions: Questions | undefined,
  say: (text: string) => void,
): Promise<InitResult> {
  const { folder, language } = options
  const text = initTexts[language]
  refuseFolderOfDev(folder)
  if (questions !== undefined) say(`${text.title}\n\n`)
  const settings = await askSettings(options, questions, text)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const privateKey = await provideKeyPair(options, questions, text, say)
  const inFolder = (name: string): string => resolve(folder, name)
  const envFile = join(folder, ENVIRONMENT_FILE)
  const written: Record<string, string> = {
    ...settings,
    SAOMA_FOLDER: resolve(folder),
    SAOMA_APP_PRIVATE_KEY_FILE: inFolder(FILES.privateKey),
    SAOMA_ALIPAY_PUBLIC_KEY_FILE: inFolder(FILES.alipayKey),
    SAOMA_MASTER_KEY_FILE: inFolder(FILES.masterKey),
  }
  readOrMake(written['SAOMA_MASTER_KEY_FILE'] ?? '', () => MasterKey.create().reveal())
  writeSecret(envFile, updateEnvironmentFile(readIfThere(envFile) ?? HEAD, written))

  const publicKey = formatBareKey(loadPrivateKey(privateKey), 'spki')
  const gateway = readGatewayAddress(settings['SAOMA_GATEWAY'])
  const mode = gatewayMode(gateway)
  const result = (
    status: InitResult['status'],
    problem: InitResult['problem'] = null,
  ): InitResult => ({
    status,
    folder,
    mode,
    app_id: settings['SAOMA_APP_ID'] ?? '',
    app_public_key: publicKey,
    env_file: envFile,
    problem,
  })

  const alipayFile = join(folder, FILES.alipayKey)
  const kept = readIfThere(alipayFile)?.trim()
  let alipayKey = readAlipayKey(options, kept, privateKey, text)
  if (alipayKey === undefined) {
    say(`${text.upload(CONSOLES[settings['SAOMA_GATEWAY'] ?? ''] ?? gateway)}\n`)
    say(`${publicKey}\n\n${text.copyBack}\n`)
    if (questions === undefined) {
      say(`${text.continue}\n  $ ${commandOf(options, '--alipay-public-key <file|text>')}\n`)
      return result('alipay_public_key_missing')
    }
    alipayKey = await askAlipayKey(questions, privateKey, text)
  }
  for (;;) {
    say(`${text.trying(gateway)}\n`)
    const trial = await proveKeys(written, alipayKey)
    // One that is proven wrong would be taken for right by the next run.
    if (!isKeyWrong(trial)) writeSecret(alipayFile, `${alipayKey}\n`)
    if (trial.status === 'proven') {
      say(`✓ ${text.proven}\n\n${endText(folder, text)}`)
      return result('ready')
    }
    const message = trial.advice[language]
    say(`✗ ${text.notProven} (${trial.code})\n  ${message}\n\n`)
    const now = await questions?.choose(text.whatNow, [
      ['again', text.tryAgain],
      ['key', text.otherKey],
      ['later', text.later],
    ])
    if (now === 'key') alipayKey = await askAlipayKey(questions as Questions, privateKey, text)
    else if (now !== 'again') return result('unproven', { code: trial.code, message })
  }
}

const FILES = {
  privateKey: 'app-private-key.txt',
  publicKey: 'app-public-key.txt',
  alipayKey: 'alipay-public-key.txt',
  masterKey: 'master-key',
} as const

const HEAD = `# Settings of saoma, read by \`saoma serve\`. All that there are: docs/reference/configuration.md
`

const CONSOLES: Readonly<Record<string, string>> = {
  sandbox: 'https://open.alipay.com/develop/sandbox/app',
  production: 'https://open.alipay.com',
}

/** A database belongs to one application: what the emulator knows, no other gateway does. */
function refuseFolderOfDev(folder: string): void {
  if (!existsSync(join(folder, 'emulator'))) return
  throw new Failure(
    `${folder}/ is the folder of \`saoma dev\`, whose payments only its emulator knows. Choose another one: saoma init --folder .saoma-alipay`,
  )
}

/** What is given, what the folder knows, and what a person says, in this order. */
async function askSettings(
  options: InitOptions,
  questions: Questions | undefined,
  text: InitTexts,
): Promise<Record<string, string>> {
  const { folder, force, yes } = options
  const kept = readEnvironment(folder, {})
  const settle = async (
    name: string,
    flag: string,
    given: string | undefined,
    {
      check,
      ask,
      suggestion,
      isFixed,
    }: {
      check: (answer: string) => string | undefined
      ask: (questions: Questions) => Promise<string>
      suggestion?: string
      /** Whether another value makes the folder another one. */
      isFixed?: true
    },
  ): Promise<string> => {
    const before = kept[name]
    const fallback = yes ? suggestion : undefined
    const known = given ?? before ?? (questions === undefined ? fallback : undefined)
    if (known === undefined && questions === undefined) {
      throw new Failure(`${flag} is missing, and there is no terminal to ask at.`)
    }
    const answer = known ?? (await ask(questions as Questions))
    const wrong = check(answer)
    if (wrong !== undefined) throw new Failure(`${flag}: ${wrong}`)
    if (isFixed && before !== undefined && before !== answer && !force) {
      throw new Failure(
        `${folder}/ is set up with ${name}=${before}. Choose another folder with --folder, or replace it with --force.`,
      )
    }
    return answer
  }

  const gateway = await settle('SAOMA_GATEWAY', '--gateway', options.gateway, {
    check: failureOf(readGatewayAddress),
    ask: (person) =>
      person.choose(text.gateway, [
        ['sandbox', text.sandbox],
        ['production', text.production],
      ]),
    suggestion: 'sandbox',
    isFixed: true,
  })
  const isLive = gatewayMode(readGatewayAddress(gateway)) === 'live'
  const checkAppId = (answer: string): string | undefined => {
    if (!/^\d{16}$/.test(answer)) return text.appIdIs16Digits
    return answer.startsWith('2088') ? text.appIdIsPid : undefined
  }
  const appId = await settle('SAOMA_APP_ID', '--app-id', options.appId, {
    check: checkAppId,
    ask: (person) => person.text(text.appId, { check: checkAppId }),
    isFixed: true,
  })
  const product = await settle('SAOMA_PRODUCT_CODE', '--product', options.product, {
    check: (answer) => (isProduct(answer) ? undefined : PRODUCTS.join(', ')),
    ask: (person) =>
      person.choose(text.product, [
        ['FACE_TO_FACE_PAYMENT', text.faceToFace],
        ['QR_CODE_OFFLINE', text.orderCode],
      ]),
    suggestion: PRODUCTS[0],
  })
  const checkUrl = (answer: string): string | undefined => {
    const url = URL.canParse(answer) ? new URL(answer) : undefined
    if (url === undefined || !/^https?:$/.test(url.protocol)) return text.publicUrlIsAddress
    return isLive && url.protocol !== 'https:' ? text.publicUrlIsHttps : undefined
  }
  const local = isLive ? {} : { suggestion: LOCAL_URL }
  const publicUrl = await settle('SAOMA_PUBLIC_URL', '--public-url', options.publicUrl, {
    check: checkUrl,
    ask: (person) => person.text(text.publicUrl, { check: checkUrl, ...local }),
    ...local,
  })
  return {
    SAOMA_GATEWAY: gateway,
    SAOMA_APP_ID: appId,
    SAOMA_PRODUCT_CODE: product,
    SAOMA_PUBLIC_URL: publicUrl,
  }
}

function isProduct(text: string): boolean {
  return PRODUCTS.some((product) => product === text)
}

/**
 * The application's private key, in one line: the given one, else the folder's, else a new one.
 *
 * @throws {Failure} If what is given is none, or the folder has another.
 */
async function provideKeyPair(
  { folder, force, appPrivateKey }: InitOptions,
  questions: Questions | undefined,
  text: InitTexts,
  say: (text: string) => void,
): Promise<string> {
  const file = join(folder, FILES.privateKey)
  const kept = readIfThere(file)?.trim()
  const check = (answer: string): string | undefined =>
    problemOf('app_private_key', { appPrivateKey: answer }, text)
  let given = appPrivateKey
  if (given === undefined && kept === undefined) {
    const from = await questions?.choose(text.hasKey, [
      ['make', text.makeKey],
      ['bring', text.bringKey],
    ])
    if (from === 'bring') given = await questions?.text(text.privateKey, { check })
  }
  if (given === undefined) {
    if (kept !== undefined) {
      const wrong = check(kept)
      if (wrong !== undefined) throw new Failure(`${file}: ${wrong}`)
      say(`${text.keyUsed(file)}\n\n`)
      return kept
    }
    const { app_private_key: made } = generateKeys({ folder, format: 'pkcs8' })
    say(`${text.keyMade(file)}\n\n`)
    return made
  }
  const wrong = check(given)
  if (wrong !== undefined) throw new Failure(`--app-private-key: ${wrong}`)
  const key = loadPrivateKey(readOption('--app-private-key', given)?.content ?? '')
  if (kept !== undefined && !force && check(kept) === undefined) {
    if (!sameKey(loadPrivateKey(kept), key)) throw isThere(file, '--app-private-key')
  }
  const bare = formatBareKey(key, 'pkcs8')
  writeSecret(file, `${bare}\n`)
  writeFileSync(join(folder, FILES.publicKey), `${formatBareKey(key, 'spki')}\n`)
  say(`${text.keyUsed(file)}\n\n`)
  return bare
}

/**
 * Alipay's public key, where it is given or the folder has it.
 *
 * @throws {Failure} If it is none, is the application's own, or the folder has another.
 */
function readAlipayKey(
  { folder, force, alipayPublicKey: given }: InitOptions,
  kept: string | undefined,
  privateKey: string,
  text: InitTexts,
): string | undefined {
  const check = checkAlipayKey(privateKey, text)
  if (given === undefined) {
    return kept !== undefined && check(kept) === undefined ? kept : undefined
  }
  const wrong = check(given)
  if (wrong !== undefined) throw new Failure(`--alipay-public-key: ${wrong}`)
  const key = bareAlipayKey(given)
  const isOther = kept !== undefined && check(kept) === undefined && kept !== key
  if (isOther && !force) throw isThere(join(folder, FILES.alipayKey), '--alipay-public-key')
  return key
}

async function askAlipayKey(
  questions: Questions,
  privateKey: string,
  text: InitTexts,
): Promise<string> {
  const check = checkAlipayKey(privateKey, text)
  return bareAlipayKey(await questions.text(text.alipayKey, { check }))
}

function checkAlipayKey(privateKey: string, text: InitTexts) {
  return (answer: string): string | undefined =>
    problemOf('alipay_public_key', { appPrivateKey: privateKey, alipayPublicKey: answer }, text)
}

function bareAlipayKey(given: string): string {
  const content = readOption('--alipay-public-key', given)?.content ?? ''
  return formatBareKey(loadPublicKey(content), 'spki')
}

/** What is wrong with a key, in the words of the language. */
function problemOf(
  name: ItemName,
  keys: Parameters<typeof checkKeys>[0],
  text: InitTexts,
): string | undefined {
  const { items } = checkKeys(keys, {}, systemClock)
  const [problem] = items.find((item) => item.name === name)?.problems ?? []
  return problem && (text.problem(problem.code as KeyProblem) ?? problem.message)
}

async function proveKeys(settings: Environment, alipayKey: string): Promise<Trial> {
  const { client: options } = readGatewayConfiguration({
    ...settings,
    SAOMA_ALIPAY_PUBLIC_KEY: alipayKey,
  })
  const client = createClient(options)
  try {
    return await tryKeys(client)
  } finally {
    await client.close()
  }
}

function isKeyWrong(trial: Trial): boolean {
  return trial.status === 'refused' && trial.code === 'wrong_key'
}

/** How a second run is told apart from the first by nothing but what was missing. */
function commandOf({ folder }: InitOptions, rest: string): string {
  return `saoma init${folder === '.saoma' ? '' : ` --folder ${folder}`} ${rest}`
}

function endText(folder: string, text: InitTexts): string {
  const isUsual = folder === '.saoma'
  const settings = isUsual ? '' : ` --env-file ${join(folder, ENVIRONMENT_FILE)}`
  return `${text.written(folder)}
${text.masterKey(join(folder, FILES.masterKey))}
${text.notInGit(folder)}

${text.next}
  $ saoma serve${settings}
  $ saoma doctor${settings}
  $ saoma pay 0.01 test${isUsual ? '' : ` --folder ${folder}`}
`
}

function isThere(file: string, flag: string): Failure {
  return new Failure(
    `${file} holds another key, which may be the only copy. Leave ${flag} out to use it, or replace it with --force.`,
    1,
  )
}

function writeSecret(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 })
}

/** The message of the failure that a reader throws. */
function failureOf(read: (text: string) => unknown): (text: string) => string | undefined {
  return (text) => {
    try {
      read(text)
      return undefined
    } catch (error) {
      if (error instanceof Failure) return error.message
      throw error
    }
  }
}
