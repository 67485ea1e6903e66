/**
 * Explains a signature: recognises what was pasted, finds the text that was signed, and says
 * whether it holds and why not.
 *
 * @module
 */

import type { SignType } from '../../alipay/index.ts'
import type { Environment } from '../configuration.ts'
import { Failure } from '../failure.ts'
import { readVariable } from '../key-sources.ts'
import { examineAnswer } from './examine-answer.ts'
import { examineMessage } from './examine-message.ts'
import { examineRequest } from './examine-request.ts'
import { recognizeForm, type MessageKind } from './message-kind.ts'
import { readPastedForm, readPastedObject, type FormReading } from './pasted-form.ts'
import { unwrap, type PastedText } from './pasted-text.ts'
import type { Verdict } from './verdict.ts'
import { alipayKeys, applicationKeys, type KeyOptions } from './verification-keys.ts'

export { formatVerdict } from './report.ts'
export type { Verdict } from './verdict.ts'

/** How a message is read, and what it is checked by. */
export interface VerifyOptions extends KeyOptions {
  /** What the message is, where it shall not be recognised. */
  readonly as?: MessageKind
  /** The configured algorithm; default `RSA2`, for a request what it says itself. */
  readonly signType?: SignType
}

/**
 * Examines a pasted message.
 *
 * @param input What was pasted, as bytes.
 * @param env Where keys are looked for that no option gives.
 * @throws {Failure} With exit code 2, if the text is not understood, or a key cannot be read.
 */
export function verify(input: Uint8Array, options: VerifyOptions, env: Environment): Verdict {
  const { text, assumptions } = unwrap(input)
  if (text === '') throw new Failure('There is nothing to verify: the text is empty.')
  if (options.as === 'answer' || (options.as === undefined && looksLikeAnswer(text))) {
    return examineAnswer({
      ...cutAnswer({ text, assumptions }),
      keys: alipayKeys(options, env),
      signType: options.signType ?? 'RSA2',
      encryptKey: readVariable('SAOMA_ENCRYPT_KEY', env)?.content.toString().trim(),
    })
  }
  const readings = readParameters({ text, assumptions }, options.as)
  const kind = options.as ?? guessKind(readings)
  if (kind === 'request') {
    return examineRequest({
      readings,
      keys: applicationKeys(options, env),
      signType: options.signType,
    })
  }
  return examineMessage({
    kind,
    readings,
    keys: alipayKeys(options, env),
    signType: options.signType ?? 'RSA2',
  })
}

function looksLikeAnswer(text: string): boolean {
  return /"\w+_response"\s*:/.test(text) && !/(?:^|[?&\s])sign=/.test(text)
}

/** From the first `{` to the last `}`: logs put words around it. */
function cutAnswer({ text, assumptions }: PastedText): PastedText {
  const start = text.indexOf('{')
  const end = text.lastIndexOf('}') + 1
  if (start === -1 || end <= start || (start === 0 && end === text.length)) {
    return { text, assumptions }
  }
  const assumption = 'What stands before the first { and after the last } was left out.'
  return { text: text.slice(start, end), assumptions: [...assumptions, assumption] }
}

function readParameters({ text, assumptions }: PastedText, as?: MessageKind): FormReading[] {
  const object = text.startsWith('{') ? parseObject(text) : undefined
  // A browser keeps what follows # to itself, and pasted addresses have it.
  const form = as === 'return-url' ? text.replace(/#.*$/s, '') : text
  const readings = object === undefined ? readPastedForm(form) : readPastedObject(object)
  const [first] = readings
  if (first === undefined || !first.pairs.some(([name]) => name !== '')) throw notUnderstood()
  return readings.map((reading) => ({
    ...reading,
    assumptions: [...assumptions, ...reading.assumptions],
  }))
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(Buffer.from(text, 'latin1').toString('utf8')) as Record<string, unknown>
  } catch {
    return undefined
  }
}

function guessKind([reading]: readonly FormReading[]): Exclude<MessageKind, 'answer'> {
  const names = new Map(reading?.pairs)
  const kind = recognizeForm(names)
  if (kind !== undefined && kind !== 'answer') return kind
  if (names.has('sign')) return 'notification'
  throw notUnderstood()
}

function notUnderstood(): Failure {
  return new Failure(
    'This is not understood. Give the body of a notification (…&sign=…), a URL with its parameters, or an answer ({"alipay_…_response":…}); --as says which it is.',
  )
}
