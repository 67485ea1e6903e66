/**
 * The methods that the emulator knows.
 *
 * @module
 */

import { billDownloadUrl } from './bill-download-url.ts'
import { cancel } from './cancel.ts'
import { certificateDownload } from './certificate-download.ts'
import { close } from './close.ts'
import type { Method } from './method.ts'
import { pay } from './pay.ts'
import { precreate } from './precreate.ts'
import { query } from './query.ts'
import { refundQuery } from './refund-query.ts'
import { refund } from './refund.ts'

/** By Alipay's names. */
export const methods: ReadonlyMap<string, Method> = new Map([
  ['alipay.trade.precreate', precreate],
  ['alipay.trade.query', query],
  ['alipay.trade.cancel', cancel],
  ['alipay.trade.close', close],
  ['alipay.trade.refund', refund],
  ['alipay.trade.fastpay.refund.query', refundQuery],
  ['alipay.trade.pay', pay],
  ['alipay.data.dataservice.bill.downloadurl.query', billDownloadUrl],
  ['alipay.open.app.alipaycert.download', certificateDownload],
])
