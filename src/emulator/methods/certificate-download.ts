/**
 * `alipay.open.app.alipaycert.download`: a certificate of Alipay's by its serial number, as a
 * client needs it when an answer names one that it does not know.
 *
 * @module
 */

import { type Method, succeed } from './method.ts'

/** The method. */
export const certificateDownload: Method = (world, { biz }) => {
  const certificate = world.keys.certificateOf(biz.requiredText('alipay_cert_sn', 32))
  if (certificate === undefined) {
    return {
      code: '40002',
      msg: 'Invalid Arguments',
      sub_code: 'isv.alipay-cert-not-exist',
      sub_msg: '支付宝公钥证书不存在',
      fields: {},
    }
  }
  return succeed({ alipay_cert_content: Buffer.from(certificate).toString('base64') })
}
