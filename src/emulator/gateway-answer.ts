/**
 * Writing an answer of the gateway: one line of JSON, signed over the exact bytes of its node.
 *
 * @module
 */

import { type Charset, encodeText } from '../alipay/charset.ts'
import { encryptContent } from '../alipay/encryption.ts'
import type { AlipaySigner } from './keys.ts'
import type { Answer } from './methods/method.ts'
import type { Settings } from './settings.ts'

/** How an answer is to be written. */
export interface AnswerForm {
  /** The name of the node. */
  readonly root: string
  readonly charset: Charset
  /** Who signs; `undefined` leaves it unsigned. */
  readonly alipay: AlipaySigner | undefined
  /** The key to encrypt the node with. */
  readonly encryptKey?: string | undefined
  /** A fault: signs something else. */
  readonly isWronglySigned?: boolean
  /** A fault: writes blanks around the members. */
  readonly isSpaced?: boolean
}

/** Writes the body of an answer, in its charset. */
export async function writeAnswer(
  answer: Answer,
  form: AnswerForm,
  settings: Settings,
): Promise<Buffer> {
  const json = writeNode(answer, settings)
  const node = form.encryptKey === undefined ? json : `"${encryptContent(json, form.encryptKey)}"`
  const [colon, comma, brace] = form.isSpaced ? [' : ', ' , ', ' '] : [':', ',', '']
  const members = [`"${form.root}"${colon}${node}`]
  if (form.alipay !== undefined) {
    const { signer, certSn } = form.alipay
    if (certSn !== undefined) members.push(`"alipay_cert_sn"${colon}"${certSn}"`)
    const signed = form.isWronglySigned ? `${node} ` : node
    members.push(`"sign"${colon}"${await signer.sign(encodeText(signed, form.charset))}"`)
  }
  return encodeText(`{${brace}${members.join(comma)}${brace}}`, form.charset)
}

/** `code`, `msg`, `sub_code`, `sub_msg`, then the rest by the alphabet, as Alipay does. */
function writeNode(answer: Answer, settings: Settings): string {
  const { code, msg, sub_code, sub_msg } = answer
  const head =
    settings.node_order === 'code_first'
      ? { code, msg, sub_code, sub_msg }
      : { msg, code, sub_msg, sub_code }
  const rest = Object.entries(answer.fields).sort(([a], [b]) => (a < b ? -1 : 1))
  const json = JSON.stringify({ ...head, ...Object.fromEntries(rest) })
  return settings.slash_escape ? json.replaceAll('/', '\\/') : json
}
