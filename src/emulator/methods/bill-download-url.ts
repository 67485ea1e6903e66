/**
 * `alipay.data.dataservice.bill.downloadurl.query`: an address from which a bill can be had for 30
 * seconds.
 *
 * @module
 */

import { addMs } from '../../alipay/time.ts'
import { billPeriod, billRows } from '../bill-rows.ts'
import type { World } from '../world.ts'
import { type Method, fail, succeed } from './method.ts'

const LINK_LIFE_MS = 30_000

/** The method. */
export const billDownloadUrl: Method = (world, { biz }) => {
  const bill_type = biz.requiredText('bill_type', 20)
  const bill_date = biz.requiredText('bill_date', 15)
  const period = billPeriod(bill_date)
  if (!['trade', 'signcustomer'].includes(bill_type) || period === undefined) {
    return fail('isv.invalid_arguments')
  }
  const now = world.clock.now()
  const readyAt = addMs(period.until, world.state.settings.bill_ready_hour * 3_600_000)
  if (now < readyAt) return fail('isp.bill_not_exist')
  const isEmpty = billRows(world, period).length === 0
  const token = `${world.numbers.traceId()}${world.numbers.traceId()}`
  for (const [old, link] of world.billLinks) if (link.expires_at <= now) world.billLinks.delete(old)
  world.billLinks.set(token, { bill_type, bill_date, expires_at: addMs(now, LINK_LIFE_MS) })
  return succeed({
    bill_download_url: downloadUrl(world, bill_type, bill_date, token),
    bill_file_code: isEmpty ? 'EMPTY_DATA_WITH_BILL_FILE' : undefined,
  })
}

function downloadUrl(world: World, type: string, date: string, token: string): string {
  const userId = `${world.keys.credentials.seller_id}0156`
  const day = date.replaceAll('-', '')
  const query = new URLSearchParams({
    bizType: type,
    userId,
    fileType: 'csv.zip',
    bizDates: day,
    downloadFileName: `${userId}_${day}.csv.zip`,
    fileId: `/${type}/${userId}/${day}.csv.zip`,
    timestamp: String(Math.floor(world.clock.now() / 1000)),
    token,
  })
  return `${world.baseUrl}/downloadBillFile.resource?${query.toString()}`
}
