/**
 * Turns a notification into the form that is sent: signed anew at each send, by the rule V1.
 *
 * @module
 */

import { encodeText, type Charset } from '../alipay/charset.ts'
import { encodeForm } from '../alipay/form.ts'
import type { SignType } from '../alipay/keys.ts'
import { formatYuan, parseYuan, toFen } from '../alipay/money.ts'
import { notificationSigningContent } from '../alipay/signing-content.ts'
import { formatBeijingTime } from '../alipay/time.ts'
import type { KeyMode, NotificationRecord } from './records.ts'
import type { World } from './world.ts'

/**
 * Writes the body of one send, in the charset of the order.
 *
 * @param fault The fault that tampers with it, if one does.
 */
export async function signNotification(
  world: World,
  record: NotificationRecord,
  fault: string | undefined,
): Promise<string> {
  return signForm(world, sentFields(world, record, fault), record, fault === 'forged')
}

/** How a form is signed: whose key, which algorithm, in which bytes. */
export interface FormSigning {
  readonly sign_type: SignType
  readonly charset: Charset
  readonly mode: KeyMode
}

/** Signs parameters as Alipay does, and writes them as a form. */
export async function signForm(
  world: World,
  params: Readonly<Record<string, string>>,
  { sign_type, charset, mode }: FormSigning,
  isForged = false,
): Promise<string> {
  const { signer, certSn } = world.keys.signerFor(mode, sign_type)
  const withCertSn = certSn !== undefined && world.state.settings.notification_cert_sn
  const fields = { ...params, ...(withCertSn ? { alipay_cert_sn: certSn } : {}) }
  const content = notificationSigningContent(Object.entries(fields), 'V1')
  const signed = isForged ? `${content} ` : content
  const sign = await signer.sign(encodeText(signed, charset))
  return encodeForm(Object.entries({ ...fields, sign_type, sign }), charset)
}

/** The parameters of one send, all but those of the signature. */
export function sentFields(
  world: World,
  record: NotificationRecord,
  fault: string | undefined,
): Record<string, string> {
  return {
    ...record.fields,
    ...tamper(record.fields, fault),
    notify_time: formatBeijingTime(world.clock.now()),
  }
}

function tamper(
  fields: Readonly<Record<string, string>>,
  fault: string | undefined,
): Record<string, string> {
  switch (fault ?? '') {
    case 'wrong-amount':
      return {
        total_amount: formatYuan(toFen(parseYuan(fields['total_amount'] ?? '0') + 1)),
      }
    case 'foreign-app':
      return { app_id: '9021000999999999', auth_app_id: '9021000999999999' }
    case 'wrong-seller':
      return { seller_id: '2088999999999999', seller_email: 'somebody-else@example.com' }
    default:
      return {}
  }
}
