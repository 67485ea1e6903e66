/**
 * Examines a request that an application signed for the gateway: tries what signers get wrong, and
 * names the mistake whose text was signed.
 *
 * @module
 */

import {
  decodeText,
  encodeText,
  requestSigningContent,
  toCharset,
  verifySignature,
  type FormPair,
  type SignType,
} from '../../alipay/index.ts'
import { decodeBase64 } from '../../alipay/base64.ts'
import { decodeByteString } from '../../alipay/form.ts'
import { decodeParameters } from './examine-message.ts'
import type { FormReading } from './pasted-form.ts'
import { describeKey, describeSign, explainLength, type Finding, type Verdict } from './verdict.ts'
import type { VerificationKeys } from './verification-keys.ts'

/** What is examined, and by what. */
export interface RequestExamination {
  /** Ways to read the text, the likeliest first. */
  readonly readings: readonly FormReading[]
  readonly keys: VerificationKeys
  /** `undefined`: what the request says. */
  readonly signType: SignType | undefined
}

/** Takes the reading that holds, or the likeliest, and says why it does not. */
export function examineRequest({ readings, keys, signType: given }: RequestExamination): Verdict {
  const [expected] = keys.expected
  const typeOf = (params: Map<string, string>): SignType =>
    given ?? (params.get('sign_type') === 'RSA' ? 'RSA' : 'RSA2')
  const covers = (pairs: readonly FormPair[], content: string, by?: SignType): boolean => {
    const params = new Map(pairs)
    const bytes = Buffer.from(content, 'latin1')
    return (
      expected !== undefined &&
      verifySignature(bytes, params.get('sign') ?? '', expected.key, by ?? typeOf(params))
    )
  }
  const right = ({ pairs }: FormReading): boolean => covers(pairs, signedText(pairs))
  const reading = readings.find(right) ?? readings[0]!
  const { pairs } = reading
  const params = new Map(pairs)
  const charset = toCharset(params.get('charset') ?? 'utf-8') ?? 'utf-8'
  const sign = describeSign(params.get('sign'))
  const signType = typeOf(params)
  return {
    kind: 'request',
    ...judge(),
    hints: suspicions(pairs),
    assumptions: reading.assumptions,
    parameters: decodeParameters(pairs, charset),
    signing_content: decodeByteString(signedText(pairs), charset),
    sign_type: params.get('sign_type') ?? signType,
    charset,
    sign,
    key: describeKey(expected),
    answer: null,
  }

  function judge(): Finding {
    if (!sign.present) {
      return fails(
        'no_signature',
        'The request has no sign. Sign the text above with the application private key (应用私钥) and add it.',
      )
    }
    if (sign.bytes === null) {
      return fails(
        'bad_base64',
        'sign is not base64: it was cut off or altered, or is base64url or hex. Alipay takes standard base64 with its padding.',
      )
    }
    if (right(reading)) {
      return {
        holds: true,
        problem: null,
        finding: `The signature holds by this key. If Alipay still answers isv.invalid-signature, the public key uploaded there is not its other half: compare it with fingerprint ${expected?.fingerprint ?? ''}.`,
      }
    }
    const byLength = explainLength(sign, keys.expected, signType, 'application key (应用私钥)')
    if (byLength !== undefined) return byLength
    if (expected === undefined) {
      return {
        holds: null,
        problem: 'key_missing',
        finding:
          'No key was given, so whether the signature holds cannot be told. Give --app-public-key or --app-private-key: then every usual mistake is tried and named.',
      }
    }
    const other: SignType = signType === 'RSA2' ? 'RSA' : 'RSA2'
    if (covers(pairs, signedText(pairs), other)) {
      return fails(
        'wrong_sign_type',
        `It was signed by ${other}, and sign_type says ${signType}. RSA2 is SHA256withRSA, RSA is SHA1withRSA.`,
      )
    }
    const mistake = MISTAKES.find(({ text }) => covers(pairs, text(pairs)))
    if (mistake !== undefined)
      return fails(mistake.problem, `${mistake.finding} Sign the text above.`)
    return fails(
      'wrong_key_or_text',
      "The signature is not this key's over the text above. Either another key signed (sandbox and production differ), or another text was signed: print what your program signs and compare it letter by letter.",
    )
  }
}

function fails(problem: string, finding: string): Finding {
  return { holds: false, problem, finding }
}

function signedText(pairs: readonly FormPair[]): string {
  return requestSigningContent(Object.fromEntries(pairs))
}

interface Mistake {
  readonly problem: string
  readonly finding: string
  /** The text that is signed by those who make it, as a byte string. */
  readonly text: (pairs: readonly FormPair[]) => string
}

const join = (pairs: readonly FormPair[]): string =>
  pairs.map(([name, value]) => `${name}=${value}`).join('&')

const without = (pairs: readonly FormPair[], ...names: readonly string[]): FormPair[] =>
  pairs.filter(([name]) => !names.includes(name))

const sorted = (pairs: readonly FormPair[]): FormPair[] =>
  pairs.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))

const mapped = (pairs: readonly FormPair[], change: (value: string) => string): string =>
  signedText(pairs.map(([name, value]) => [name, name === 'sign' ? value : change(value)]))

const MISTAKES: readonly Mistake[] = [
  {
    problem: 'sign_type_not_signed',
    finding:
      'It was made without sign_type, which in a request is signed (only in notifications it is not).',
    text: (pairs) => signedText(without(pairs, 'sign_type')),
  },
  {
    problem: 'empty_values_signed',
    finding: 'It was made with the empty parameters, which must be left out of the text.',
    text: (pairs) => join(sorted(without(pairs, 'sign'))),
  },
  {
    problem: 'not_sorted',
    finding:
      'It was made over the parameters in the order of sending; they are sorted by name first.',
    text: (pairs) => join(without(pairs, 'sign').filter(([, value]) => value !== '')),
  },
  {
    problem: 'encoded_values_signed',
    finding:
      'It was made over percent-encoded values; the plain ones are signed, and encoded only for sending.',
    text: (pairs) => mapped(pairs, (value) => encodeURIComponent(textOf(value))),
  },
  {
    problem: 'encoded_values_signed',
    finding:
      'It was made over form-encoded values; the plain ones are signed, and encoded only for sending.',
    text: (pairs) =>
      mapped(pairs, (value) => new URLSearchParams({ v: textOf(value) }).toString().slice(2)),
  },
  {
    problem: 'biz_content_rewritten',
    finding:
      'It was made over another spelling of biz_content: the JSON was written again after signing. Send the very text that was signed.',
    text: (pairs) =>
      signedText(
        pairs.map(([name, value]) => [name, name === 'biz_content' ? rewrite(value) : value]),
      ),
  },
  {
    problem: 'only_biz_content_signed',
    finding: 'It was made over biz_content alone; all parameters are signed.',
    text: (pairs) => new Map(pairs).get('biz_content') ?? '',
  },
  {
    problem: 'wrong_charset',
    finding: 'It was made over GBK bytes, and the request says UTF-8.',
    text: (pairs) => mapped(pairs, (value) => encodeText(textOf(value), 'gbk').toString('latin1')),
  },
  {
    problem: 'wrong_charset',
    finding: 'It was made over UTF-8 bytes, and the request says GBK.',
    text: (pairs) =>
      mapped(pairs, (value) =>
        Buffer.from(decodeText(Buffer.from(value, 'latin1'), 'gbk')).toString('latin1'),
      ),
  },
  {
    problem: 'values_altered',
    finding:
      'It holds once blanks around the values are taken off: something added them after signing.',
    text: (pairs) => mapped(pairs, (value) => value.replaceAll(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')),
  },
]

function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

function rewrite(bytes: string): string {
  try {
    return Buffer.from(JSON.stringify(JSON.parse(textOf(bytes)))).toString('latin1')
  } catch {
    return bytes
  }
}

function isJson(bytes: string): boolean {
  try {
    JSON.parse(textOf(bytes))
    return true
  } catch {
    return false
  }
}

/** What is unusual about a request, whether or not its signature holds. */
function suspicions(pairs: readonly FormPair[]): string[] {
  const params = new Map(pairs)
  const found: string[] = []
  const missing = ['app_id', 'method', 'charset', 'sign_type', 'timestamp', 'version'].filter(
    (name) => !params.has(name),
  )
  if (missing.includes('sign_type')) {
    found.push(
      'sign_type is missing: Alipay needs it, and in a request it is a part of the signed text.',
    )
  }
  const rest = missing.filter((name) => name !== 'sign_type')
  if (rest.length > 0) found.push(`Not among the parameters: ${rest.join(', ')}.`)
  const empty = pairs.filter(([, value]) => value === '').map(([name]) => name)
  if (empty.length > 0) {
    found.push(
      `Empty, so left out of the text: ${empty.join(', ')}. Better not to send them at all.`,
    )
  }
  const doubled = pairs.filter(([name], at) => pairs.findIndex(([other]) => other === name) !== at)
  if (doubled.length > 0) found.push(`Given twice: ${doubled.map(([name]) => name).join(', ')}.`)
  const blank = pairs
    .filter(([, value]) => /^[ \t\r\n]|[ \t\r\n]$/.test(value))
    .map(([name]) => name)
  if (blank.length > 0)
    found.push(`Begins or ends with a blank, which is signed: ${blank.join(', ')}.`)
  const timestamp = params.get('timestamp')
  if (timestamp !== undefined && !/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(timestamp)) {
    found.push('timestamp is not yyyy-MM-dd HH:mm:ss in Beijing time.')
  }
  const content = params.get('biz_content')
  if (content && !isJson(content)) {
    found.push(
      decodeBase64(content) === undefined
        ? 'biz_content is not whole JSON: it was cut off, or split at an & that was not encoded.'
        : 'biz_content is encrypted; its ciphertext is what is signed.',
    )
  }
  return found
}
