/**
 * Messages that Alipay did not send, 100,000 of them with `npm test -- --all` and a fifth of that
 * by default: mutations of genuine ones and noise. None may be believed with other content than
 * what was signed, fail in an undocumented way, or cost more signature checks than a few: a bound
 * on what they cost that no clock is needed for. fast-check prints the seed of a failure.
 *
 * @module
 */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openAnswerEnvelope } from '../../src/alipay/answer-envelope.ts'
import { verifyAnswer } from '../../src/alipay/answer.ts'
import { type Charset, encodeText } from '../../src/alipay/charset.ts'
import { encryptContent } from '../../src/alipay/encryption.ts'
import { MessageMalformed, NotificationInvalid, SignatureInvalid } from '../../src/alipay/errors.ts'
import type { NotificationTrust } from '../../src/alipay/notification-trust.ts'
import { verifyNotification, verifyServiceMessage } from '../../src/alipay/notification.ts'
import {
  alipayPublicKey,
  answerBody,
  applicationPublicKey,
  formOf,
  paidParams,
  signedParams,
} from './alipay-side.ts'

const SHARE = process.env['SAOMA_TEST_ALL'] === undefined ? 1 / 5 : 1
/** Alterations are many; a refused notification costs ten times what a refused answer does. */
const NOTIFICATIONS = 30_000 * SHARE
const ANSWERS = 60_000 * SHARE
const NOISE = 5_000 * SHARE
/** One by the rule, and one for each explanation that is tried. */
const CHECKS_OF_NOTIFICATION = 10
/**
 * How often a key is asked for: by the rule, by the other algorithm, and the application's own
 * twice.
 */
const CHECKS_OF_ANSWER = 4

/** What is done to a message: which kind, where (from 0 to 1), and with what. */
type Mutation = readonly [kind: number, place: number, reach: number, bytes: Uint8Array]

const mutation: fc.Arbitrary<Mutation> = fc.tuple(
  fc.nat(99),
  fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  fc.uint8Array({ minLength: 1, maxLength: 4 }),
)

type Edit = (text: string, place: number, reach: number, bytes: Uint8Array) => string

/** Texts are byte strings: one character a byte. */
const edits: readonly Edit[] = [
  // Flips a bit.
  (text, place, _, [byte = 1]) => {
    const at = Math.floor(place * text.length)
    const flipped = text.charCodeAt(at) ^ (1 << (byte & 7))
    return text.slice(0, at) + String.fromCharCode(flipped) + text.slice(at + 1)
  },
  // Deletes, a little or much.
  (text, place, reach) => {
    const at = Math.floor(place * text.length)
    return text.slice(0, at) + text.slice(at + 1 + Math.floor(reach ** 8 * text.length))
  },
  // Inserts.
  (text, place, _, bytes) => {
    const at = Math.floor(place * text.length)
    return text.slice(0, at) + Buffer.from(bytes).toString('latin1') + text.slice(at)
  },
  // Repeats a part, or copies it elsewhere.
  (text, place, reach, [byte = 0]) => {
    const [at, to] = [Math.floor(place * text.length), Math.floor(reach * text.length)]
    return text.slice(0, to) + text.slice(at, at + byte) + text.slice(to)
  },
  // Truncates.
  (text, place) => text.slice(0, Math.floor(place * text.length)),
]

function mutate(text: string, mutations: readonly Mutation[], own: readonly Edit[]): string {
  let mutated = text
  for (const [kind, place, reach, bytes] of mutations) {
    const all = kind < 50 ? own : edits
    mutated = (all[kind % all.length] as Edit)(mutated, place, reach, bytes)
  }
  return mutated
}

/** Rewrites one of the `&`-separated pairs of a form. */
function pairwise(edit: (pairs: string[], at: number, to: number) => string[]): Edit {
  return (text, place, reach) => {
    const pairs = text.split('&')
    return edit(pairs, Math.floor(place * pairs.length), Math.floor(reach * pairs.length)).join('&')
  }
}

/** Replaces one occurrence of a text, the one that `place` falls on. */
function replaceOne(from: string, to: string): Edit {
  return (text, place) => {
    const at = text.indexOf(from, Math.floor(place * text.length))
    return at === -1 ? text : text.slice(0, at) + to + text.slice(at + from.length)
  }
}

const formEdits: readonly Edit[] = [
  // Pairs twice, lost, in another order, with each other's values, hidden in one another.
  pairwise((pairs, at, to) => pairs.toSpliced(to, 0, pairs[at] ?? '')),
  pairwise((pairs, at) => pairs.toSpliced(at, 1)),
  pairwise((pairs, at, to) => pairs.with(at, pairs[to] ?? '').with(to, pairs[at] ?? '')),
  pairwise((pairs, at, to) => {
    const [name, value] = [pairs[at]?.split('=')[0], pairs[to]?.split('=')[1]]
    return pairs.with(at, `${name}=${value}`)
  }),
  pairwise((pairs, at) => {
    const sorted = pairs.toSorted()
    const merged = `${sorted[at]}%26${(sorted[at + 1] ?? '').replace('=', '%3D')}`
    return sorted.toSpliced(at, 2, merged)
  }),
  pairwise((pairs, at) => pairs.with(at, `${pairs[at]}%26x%3D1`)),
  // Escapes: written otherwise, twice, not at all, or wrongly.
  replaceOne('+', '%20'),
  replaceOne('%2B', '+'),
  replaceOne('%2B', '%2b'),
  replaceOne('%', '%25'),
  replaceOne('%', '%u00'),
  replaceOne('%3D', '='),
  replaceOne('%26', '&'),
  replaceOne('%3D', '%253D'),
  replaceOne('%22', '&quot;'),
  replaceOne('=', '=%00'),
  replaceOne('&', '&&'),
  replaceOne('&', ';'),
  replaceOne('&', '%26'),
  replaceOne('a', '%61'),
  replaceOne('1', '%EF%BC%91'),
  replaceOne('%E', '%EF%BF%BD%E'),
  (text) => text.replaceAll('%25', '%'),
  // Charsets, algorithms and signatures.
  (text) => text.replace('charset=utf-8', 'charset=GBK').replace('charset=GBK', 'charset=utf-8'),
  (text) => text.replace('charset=', 'Charset='),
  (text) => text.replace('sign_type=RSA2', 'sign_type=RSA'),
  (text) => text.replace('sign_type=RSA2', 'sign_type='),
  (text) => text.replace(/sign=[^&]*/, 'sign='),
  (text) => text.replace(/sign=[^&]*/, `sign=${'A'.repeat(342)}%3D%3D`),
  (text) => text.replace('88.88', '0.01'),
]

const counted = countChecks()
const notificationTrust: NotificationTrust = {
  alipayPublicKeys: counted.keys,
  signType: 'RSA2',
  applicationPublicKey,
}

interface Genuine {
  readonly form: string
  readonly verify: typeof verifyNotification
  readonly params: Readonly<Record<string, string>>
}

const genuine: readonly Genuine[] = [
  notification(paidParams),
  notification({ ...paidParams, charset: 'GBK' }, 'gbk'),
  notification({
    ...paidParams,
    trade_status: 'TRADE_CLOSED',
    refund_fee: '88.88',
    subject: 'a&b=c',
  }),
  notification(paidParams, 'utf-8', 'V2'),
]

function notification(
  params: Readonly<Record<string, string>>,
  charset: Charset = 'utf-8',
  rule: 'V1' | 'V2' = 'V1',
): Genuine {
  const verify = rule === 'V1' ? verifyNotification : verifyServiceMessage
  const form = formOf(signedParams(params, { charset, rule }), charset)
  return { form, verify, params: verify(form, notificationTrust).params as Genuine['params'] }
}

describe('notifications', () => {
  /** What became of them; the test would be worth little if one of these never happened. */
  const outcomes = new Map<string, number>()

  const judge = (body: Uint8Array | string, { verify, params }: Genuine): void => {
    counted.reset()
    try {
      const verified = verify(body, notificationTrust)
      outcomes.set('verified', (outcomes.get('verified') ?? 0) + 1)
      expect(comparable(verified.params)).toEqual(comparable(params))
      if (verify === verifyServiceMessage) expect(verified.params['sign_type']).toBe('RSA2')
    } catch (error) {
      if (!(error instanceof NotificationInvalid)) throw error
      outcomes.set(error.problem, (outcomes.get(error.problem) ?? 0) + 1)
      expect(error.outcome).toBe('not_applied')
    }
    expect(counted.checks()).toBeLessThanOrEqual(CHECKS_OF_NOTIFICATION)
  }

  /** Rule V1 does not sign sign_type: without it, the configured algorithm holds. */
  const comparable = (params: Readonly<Record<string, string | undefined>>) => ({
    ...params,
    sign_type: 'RSA2',
  })

  test(`that were altered: ${NOTIFICATIONS} of them`, { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(
        fc.nat(genuine.length - 1),
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        (which, mutations) => {
          const one = genuine[which] as Genuine
          judge(Buffer.from(mutate(one.form, mutations, formEdits), 'latin1'), one)
        },
      ),
      { numRuns: NOTIFICATIONS },
    )
    const seen = [...outcomes.keys()].toSorted()
    expect(seen).toEqual([
      'bad_base64',
      'looks_decoded_twice',
      'looks_like_gbk',
      'malformed',
      'no_signature',
      'verified',
      'wrong_key',
      'wrong_sign_type',
    ])
  })

  test(`that are noise: ${NOISE} of them`, { timeout: 60_000 }, () => {
    const [one] = genuine as [Genuine]
    outcomes.clear()
    const form = fc
      .array(fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })))
      .map((pairs) => pairs.map((pair) => pair.join('=')).join('&'))
    const named = fc
      .dictionary(fc.constantFrom('sign', 'sign_type', 'charset', 'app_id'), fc.base64String())
      .map((params) => formOf(params))
    const noise = fc.oneof(fc.uint8Array({ maxLength: 200 }), form, named, fc.json())
    fc.assert(
      fc.property(noise, (body) => judge(body, one)),
      { numRuns: NOISE },
    )
    expect(outcomes.get('verified')).toBeUndefined()
  })

  test('of the greatest size and the worst kind cost no more than others', () => {
    const [one] = genuine as [Genuine]
    for (const unit of [
      '&',
      '=',
      '%',
      '+',
      'a=&',
      '%25',
      '%2',
      '&amp;',
      '%26trade_no',
      '\xff',
      'a&',
    ]) {
      const body = unit.repeat(Math.floor(65_000 / unit.length))
      judge(body, one)
      judge(`sign=${'A'.repeat(342)}%3D%3D&x=${body}`.slice(0, 65_000), one)
    }
  })
})

const method = 'alipay.trade.query'
const encryptKey = Buffer.alloc(16, 3).toString('base64')
const node =
  '{"code":"10000","msg":"Success","out_trade_no":"ORDER-1","trade_status":"TRADE_SUCCESS","subject":"咖啡 \\"{}\\" 乗","url":"https:\\/\\/x","fund_bill_list":[{"amount":"88.88"}]}'

interface GenuineAnswer {
  readonly body: string
  readonly charset: Charset
  readonly signed: string
}

const genuineAnswers: readonly GenuineAnswer[] = [
  genuineAnswer(node),
  genuineAnswer(node, 'gbk'),
  genuineAnswer(`"${encryptContent(node, encryptKey)}"`),
  genuineAnswer(node, 'utf-8', { certSn: 'a359aaadd01ceca03dbc07537da539b9' }),
  genuineAnswer('{"code":"40004","sub_code":"ACQ.TRADE_NOT_EXIST"}', 'utf-8', {
    root: 'error_response',
  }),
]

function genuineAnswer(
  signed: string,
  charset: Charset = 'utf-8',
  options: Parameters<typeof answerBody>[2] = {},
): GenuineAnswer {
  const body = answerBody(method, signed, { charset, ...options }).toString('latin1')
  return { body, charset, signed: encodeText(signed, charset).toString('latin1') }
}

const answerEdits: readonly Edit[] = [
  // Members twice, before and behind, with blanks, nested, of other names.
  (text) => text.replace('{"', '{"alipay_trade_query_response":{"code":"10000"},"'),
  (text) => text.replace(/}$/, ',"alipay_trade_query_response":{"code":"10000"}}'),
  (text) => text.replace(/}$/, ',"sign":"AAAA"}'),
  (text) => text.replace(/}$/, ',"error_response":{"code":"10000"}}'),
  (text) => text.replace(/}$/, ',"\\u0073ign":"AAAA","other":[{}]}'),
  (text) => text.replace('alipay_trade_query_response', 'error_response'),
  (text) => text.replace('"sign"', '"sign" '),
  (text) => text.replace(/"sign":"[^"]*"/, '"sign":null'),
  (text) => text.replace(/,"sign":"[^"]*"/, ''),
  (text) => text.replace(/^{(.*),("sign":"[^"]*")}$/s, '{$2,$1}'),
  (text) => `{"alipay_trade_query_response":${text},${text.slice(1)}`,
  (text) => ` \r\n\t${text} `,
  (text) => text + text,
  (text, _, reach) => '['.repeat(Math.floor(reach * 5_000)) + text,
  (text, _, reach) =>
    text.replace('{"code"', `{"x":${'['.repeat(reach * 999)}${']'.repeat(reach * 999)},"code"`),
  // Values and their spelling.
  (text) => text.replace('10000', '10003'),
  (text) => text.replace('88.88', '0.01'),
  replaceOne(',', ' , '),
  replaceOne('"', '\\"'),
  replaceOne('"', "'"),
  replaceOne('\\/', '/'),
  replaceOne('/', '\\/'),
  replaceOne('\\', ''),
  replaceOne('{', '{{'),
  replaceOne('}', ''),
  replaceOne(':', ':\xb3\\'),
  replaceOne('A', '\\u0041'),
]

describe('answers', () => {
  const outcomes = new Map<string, number>()

  const judge = (body: Uint8Array, { charset, signed }: GenuineAnswer): void => {
    counted.reset()
    const trust = {
      get alipayPublicKey() {
        return counted.key()
      },
      get applicationPublicKey() {
        counted.key()
        return applicationPublicKey
      },
      signType: 'RSA2' as const,
      charset,
      encryptKey,
    }
    try {
      const envelope = openAnswerEnvelope(body, method, charset)
      const answer = verifyAnswer(envelope, trust)
      outcomes.set('verified', (outcomes.get('verified') ?? 0) + 1)
      expect(Buffer.from(envelope.signedBytes).toString('latin1')).toBe(signed)
      const expected: unknown = JSON.parse(signed.includes('40004') ? signed : node)
      expect(answer).toEqual(expected)
    } catch (error) {
      const isDocumented = error instanceof SignatureInvalid || error instanceof MessageMalformed
      if (!isDocumented) throw error
      const problem = error instanceof SignatureInvalid ? error.problem : 'malformed'
      outcomes.set(problem, (outcomes.get(problem) ?? 0) + 1)
      expect(error.outcome).toBe('unknown')
    }
    expect(counted.checks()).toBeLessThanOrEqual(CHECKS_OF_ANSWER)
  }

  test(`that were altered: ${ANSWERS} of them`, { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(
        fc.nat(genuineAnswers.length - 1),
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        (which, mutations) => {
          const one = genuineAnswers[which] as GenuineAnswer
          judge(Buffer.from(mutate(one.body, mutations, answerEdits), 'latin1'), one)
        },
      ),
      { numRuns: ANSWERS },
    )
    const seen = [...outcomes.keys()].toSorted()
    expect(seen).toEqual(['bad_base64', 'malformed', 'no_signature', 'verified', 'wrong_key'])
  })

  test(`that are noise: ${NOISE} of them`, { timeout: 60_000 }, () => {
    const [one] = genuineAnswers as [GenuineAnswer]
    outcomes.clear()
    const bytes = fc.uint8Array({ maxLength: 200 })
    const json = fc.json().map((text) => Buffer.from(text))
    const wrapped = fc
      .tuple(fc.json(), fc.json({ maxDepth: 1 }))
      .map(([value, sign]) =>
        Buffer.from(`{"alipay_trade_query_response":${value},"sign":${sign}}`),
      )
    fc.assert(
      fc.property(fc.oneof(bytes, json, wrapped), (body) => judge(body, one)),
      { numRuns: NOISE },
    )
    expect(outcomes.get('verified')).toBeUndefined()
  })
})

/** Alipay's key, and how often it was asked for: each signature check asks once. */
function countChecks() {
  let count = 0
  const key = () => {
    count++
    return alipayPublicKey
  }
  const keys: NotificationTrust['alipayPublicKeys'] = Object.defineProperty([alipayPublicKey], 0, {
    get: key,
  })
  return { keys, key, checks: () => count, reset: () => (count = 0) }
}
