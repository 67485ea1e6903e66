/**
 * Writes a verdict for people.
 *
 * @module
 */

import { columns, printable, type Style } from '../output.ts'
import { KIND_NAMES } from './message-kind.ts'
import type { SignDescription, Verdict } from './verdict.ts'

/** The whole report, ending with the finding, which is what a terminal shows last. */
export function formatVerdict(verdict: Verdict, style: Style): string {
  const { parameters, answer } = verdict
  const length = Buffer.byteLength(verdict.signing_content)
  const sections = [
    `This is ${KIND_NAMES[verdict.kind]}.`,
    section(
      style.bold(answer === null ? 'Parameters' : `What it says (${answer.root})`),
      columns(
        Object.entries(parameters).map(([name, value]) => [printable(name), printable(value)]),
      ),
    ),
    section(
      style.bold(verdict.kind === 'answer' ? 'Signed text' : 'String to be verified') +
        style.dim(` (${length} bytes in UTF-8; the next line, whole)`),
      printable(verdict.signing_content),
    ),
    section(style.bold('Signature'), columns(signatureRows(verdict))),
  ]
  if (answer !== null) sections.push(section(style.bold('Answer'), columns(answerRows(verdict))))
  if (verdict.assumptions.length > 0) {
    sections.push(section(style.bold('Assumed about the text'), list(verdict.assumptions)))
  }
  if (verdict.hints.length > 0)
    sections.push(section(style.bold('To be noticed'), list(verdict.hints)))
  sections.push(conclusion(verdict, style))
  return `${sections.join('\n\n')}\n`
}

function section(title: string, body: string): string {
  return `${title}\n${body}`
}

function list(sentences: readonly string[]): string {
  return sentences.map((sentence) => `  - ${printable(sentence)}`).join('\n')
}

function signatureRows({ sign, sign_type, charset, key }: Verdict): [string, string][] {
  return [
    ['sign', describeLength(sign)],
    ['sign_type', printable(sign_type)],
    ['charset', charset],
    [
      'checked by',
      key === null
        ? 'no key'
        : `${key.bits}-bit key from ${printable(key.origin)}, fingerprint ${key.fingerprint}`,
    ],
  ]
}

function describeLength({ present, bytes, made_by_key_bits }: SignDescription): string {
  if (!present) return 'missing'
  if (bytes === null) return 'not base64'
  return `${bytes} bytes: a ${made_by_key_bits}-bit key`
}

function answerRows({ answer }: Verdict): [string, string][] {
  const rows: [string, string | null | undefined][] = [
    ['method', answer?.method || null],
    ['code', answer?.code],
    ['sub_code', answer?.sub_code],
    ['sub_msg', answer?.sub_msg],
    ['alipay_cert_sn', answer?.alipay_cert_sn],
    ['outcome', answer?.outcome],
    ['advice', answer?.advice],
  ]
  return rows.flatMap(([name, value]) => (value ? [[name, printable(value)]] : []))
}

function conclusion({ holds, finding }: Verdict, style: Style): string {
  if (holds === true) return `${style.green('HOLDS')}  ${finding}`
  return holds === false
    ? `${style.red('DOES NOT HOLD')}  ${printable(finding)}`
    : `${style.yellow('NOT CHECKED')}  ${printable(finding)}`
}
