/**
 * Turns a notification into the form that is sent: signed anew at each send, by the rule V1.
 *
 * @module
 */

import { encodeText } from '../alipay/charset.ts'
import { encodeForm } from '../alipay/form.ts'
import { formatYuan, parseYuan, toFen } from '../alipay/money.ts'
import { notificationSigningContent } from '../alipay/signing-content.ts'
import { formatBeijingTime } from '../alipay/time.ts'
import type { NotificationRecord } from './records.ts'
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
  return signFields(world, sentFields(world, record, fault), record, fault === 'forged')
}

/** What a notification that a test makes up is signed with. */
export type SignatureOptions = Partial<Pick<NotificationRecord, 'sign_type' | 'charset' | 'mode'>>

/** Writes and signs one of no trade, with what all of them say filled in. */
export function signMadeUp(
  world: World,
  fields: Readonly<Record<string, string>>,
  { sign_type = 'RSA2', charset = 'utf-8', mode = 'key' }: SignatureOptions = {},
): Promise<string> {
  const now = world.clock.now()
  const { app_id, seller_id } = world.keys.credentials
  const common = {
    notify_time: formatBeijingTime(now),
    notify_type: 'trade_status_sync',
    notify_id: world.numbers.notifyId(now),
    version: '1.0',
    charset,
    app_id,
    auth_app_id: app_id,
    seller_id,
  }
  return signFields(world, { ...common, ...fields }, { sign_type, charset, mode })
}

async function signFields(
  world: World,
  sent: Readonly<Record<string, string>>,
  { sign_type, charset, mode }: Required<SignatureOptions>,
  isForged = false,
): Promise<string> {
  const { signer, certSn } = world.keys.signerFor(mode, sign_type)
  const withCertSn = certSn !== undefined && world.state.settings.notification_cert_sn
  const fields = { ...sent, ...(withCertSn ? { alipay_cert_sn: certSn } : {}) }
  const content = notificationSigningContent(Object.entries(fields), 'V1')
  const sign = await signer.sign(encodeText(isForged ? `${content} ` : content, charset))
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
