/**
 * `/v1/credentials`: the keys of the application, changed step by step without a gap.
 *
 * @module
 */
import { z } from 'zod'
import type { AlipayTrust, Credential, CredentialResult, Credentials } from '../access/index.ts'
import { formatRfc3339, type Instant } from '../alipay/index.ts'
import { ok, operation, type Answer, type AnyOperation } from './operation.ts'
import type { AppContext } from './options.ts'
import { conflict, notFound, type Problem } from './problem.ts'
import { list } from './schemas.ts'

const instant = z.iso.datetime({ offset: true })

/** The keys of an application: nothing secret. */
export const credential = z
  .object({
    id: z.string(),
    object: z.literal('credential'),
    status: z
      .enum(['staged', 'verified', 'active', 'retired'])
      .describe('The newest active one signs, every active one verifies'),
    sign_type: z.enum(['RSA2', 'RSA']),
    application_public_key: z.string().describe('What is uploaded to Alipay (应用公钥)'),
    trust: z
      .enum(['key', 'certificates'])
      .nullable()
      .describe('How Alipay’s signatures are checked; `null` until that was copied back'),
    encrypted: z
      .boolean()
      .describe('Whether it has a key of its own by which content is encrypted (接口内容加密)'),
    created_at: instant,
    verified_at: instant.nullable(),
    activated_at: instant.nullable(),
    retired_at: instant.nullable(),
  })
  .meta({ id: 'Credential' })

const KEY = 'a key is a text of at most 20000 characters'
const key = z.string(KEY).min(1, KEY).max(20_000, KEY)
const trustFields = {
  alipay_public_key: key.optional().describe('What Alipay shows for the uploaded key (支付宝公钥)'),
  certificates: z
    .strictObject({ app: key, alipay: key, root: key })
    .optional()
    .describe('Certificate mode: the three files as PEM'),
  encrypt_key: key
    .optional()
    .describe(
      'The AES key by which content is encrypted (接口内容加密密钥), where Alipay’s console has one; by default as in the configuration of the server',
    ),
}

const stageFields = z.strictObject({
  private_key: key
    .optional()
    .describe('The application private key; by default a pair is made, and never leaves here'),
  sign_type: z.enum(['RSA2', 'RSA'], 'sign_type is RSA2 or RSA').optional(),
  ...trustFields,
})

const completeFields = z.strictObject(trustFields)

const PROBLEMS = {
  credential_not_found: { status: 404, description: 'No such credential.' },
  credential_wrong_step: {
    status: 409,
    description: 'It is not where this step can be taken: `message` says what comes first.',
  },
  key_refused: {
    status: 400,
    description: 'A key is not what it should be: `message` says what it is instead.',
  },
  credentials_unavailable: {
    status: 409,
    description: 'The keys of this server are in its configuration alone.',
  },
} as const

const VERIFY_PROBLEMS = {
  ...PROBLEMS,
  alipay_refused: {
    status: 402,
    description: 'Alipay did not take the keys, or its answer is not genuine: `message` says why.',
  },
} as const

const UNAVAILABLE = conflict(
  'credentials_unavailable',
  'The keys of this server are in its configuration alone: change them there.',
)

const stage = operation({
  method: 'POST',
  path: '/v1/credentials',
  id: 'stageCredential',
  summary: 'Begin a change of keys',
  description:
    'Makes a key pair, or keeps the one that is given. Upload `application_public_key` to Alipay, give back what Alipay shows for it, verify, then activate. Nothing that is in use changes before.',
  scope: 'credentials:write',
  audit: 'credential.stage',
  secrets: ['private_key', 'encrypt_key'],
  body: stageFields,
  answers: { 201: { description: 'Kept.', schema: credential } },
  problems: PROBLEMS,
  handle: ({ app, body }) =>
    withCredentials(
      app,
      async (credentials) => {
        const { private_key: privateKey, sign_type: signType, encrypt_key: encryptKey } = body
        const alipay = toTrust(body)
        const result = await credentials.stage({
          ...(privateKey !== undefined && { privateKey }),
          ...(signType !== undefined && { signType }),
          ...(alipay !== undefined && { alipay }),
          ...(encryptKey !== undefined && { encryptKey: encryptKey.trim() }),
        })
        return judge(result, 201)
      },
      UNAVAILABLE,
    ),
})

const listAll = operation({
  method: 'GET',
  path: '/v1/credentials',
  id: 'listCredentials',
  summary: 'List the application’s keys, oldest first',
  description: 'Those of the configuration are not among them: they hold until others are active.',
  scope: 'credentials:read',
  answers: { 200: { description: 'All of them; nothing secret.', schema: list(credential) } },
  async handle({ app }) {
    const all = (await app.credentials?.list()) ?? []
    return ok({ object: 'list', data: all.map(json), has_more: false })
  },
})

const complete = operation({
  method: 'PATCH',
  path: '/v1/credentials/{id}',
  id: 'completeCredential',
  summary: 'Give back what Alipay shows for the uploaded key',
  scope: 'credentials:write',
  audit: 'credential.complete',
  secrets: ['encrypt_key'],
  body: completeFields,
  answers: { 200: { description: 'Kept; verify it next.', schema: credential } },
  problems: PROBLEMS,
  handle: ({ app, params, body }) =>
    withCredentials(app, async (credentials) => {
      const alipay = toTrust(body)
      if (alipay === undefined) {
        const message = 'Give alipay_public_key, or certificates.'
        return { ...keyRefused(message), param: 'alipay_public_key' }
      }
      const { encrypt_key: encryptKey } = body
      return judge(await credentials.complete(params['id'] ?? '', alipay, encryptKey?.trim()))
    }),
})

const verify = operation({
  method: 'POST',
  path: '/v1/credentials/{id}/verify',
  id: 'verifyCredential',
  summary: 'Prove new keys',
  description: 'By a question to Alipay that moves nothing, signed with them.',
  scope: 'credentials:write',
  audit: 'credential.verify',
  answers: { 200: { description: 'Proven.', schema: credential } },
  problems: VERIFY_PROBLEMS,
  handle: ({ app, params }) =>
    withCredentials(app, async (credentials) => {
      const result = await credentials.verify(params['id'] ?? '')
      if (result.status !== 'refused') return judge(result)
      const { code, message } = result
      const alipay = { sub_code: code, sub_msg: '' }
      return { status: 402, type: 'channel_error', code: 'alipay_refused', message, alipay }
    }),
})

const activate = operation({
  method: 'POST',
  path: '/v1/credentials/{id}/activate',
  id: 'activateCredential',
  summary: 'Have proven keys sign from now on',
  description:
    'Those before still verify what is under way; retire them when nothing of theirs can come any more. Within 5 seconds every node uses them.',
  scope: 'credentials:write',
  audit: 'credential.activate',
  answers: { 200: { description: 'They sign.', schema: credential } },
  problems: PROBLEMS,
  handle: ({ app, params }) =>
    withCredentials(app, async (credentials) =>
      judge(await credentials.activate(params['id'] ?? '')),
    ),
})

const retire = operation({
  method: 'POST',
  path: '/v1/credentials/{id}/retire',
  id: 'retireCredential',
  summary: 'Stop using keys',
  description:
    'What is signed with them is not believed any more. Where none is active, those of the configuration sign.',
  scope: 'credentials:write',
  audit: 'credential.retire',
  answers: { 200: { description: 'Retired.', schema: credential } },
  problems: PROBLEMS,
  handle: ({ app, params }) =>
    withCredentials(app, async (credentials) =>
      judge(await credentials.retire(params['id'] ?? '')),
    ),
})

/** The operations of credentials. */
export const credentialOperations: readonly AnyOperation[] = [
  stage,
  listAll,
  complete,
  verify,
  activate,
  retire,
]

async function withCredentials(
  { credentials }: AppContext,
  use: (credentials: Credentials) => Promise<Answer | Problem>,
  without: Problem = credentialNotFound(),
): Promise<Answer | Problem> {
  return credentials === null ? without : use(credentials)
}

function toTrust({
  alipay_public_key: alipayPublicKey,
  certificates,
}: {
  readonly alipay_public_key?: string | undefined
  readonly certificates?:
    { readonly app: string; readonly alipay: string; readonly root: string } | undefined
}): AlipayTrust | undefined {
  if (certificates !== undefined) return { certificates }
  return alipayPublicKey === undefined ? undefined : { alipayPublicKey }
}

function judge(result: CredentialResult, status: 200 | 201 = 200): Answer | Problem {
  switch (result.status) {
    case 'done':
      return { status, body: json(result.credential) }
    case 'not_found':
      return credentialNotFound()
    case 'wrong_step':
      return conflict(
        'credential_wrong_step',
        `This credential is ${result.credential.status}; this step needs: ${result.needs}.`,
      )
    case 'refused':
      return keyRefused(result.message)
  }
}

function credentialNotFound(): Problem {
  return notFound('credential_not_found', 'There is no credential with this id.', 'id')
}

function keyRefused(message: string): Problem {
  return { status: 400, type: 'invalid_request_error', code: 'key_refused', message }
}

function json(one: Credential) {
  return {
    id: one.id,
    object: 'credential',
    status: one.status,
    sign_type: one.signType,
    application_public_key: one.applicationPublicKey,
    trust: one.alipay && (one.alipay.alipayPublicKey === undefined ? 'certificates' : 'key'),
    encrypted: one.isEncrypted,
    created_at: formatRfc3339(one.createdAt),
    verified_at: time(one.verifiedAt),
    activated_at: time(one.activatedAt),
    retired_at: time(one.retiredAt),
  }
}

function time(at: Instant | null): string | null {
  return at === null ? null : formatRfc3339(at)
}
