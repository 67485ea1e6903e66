/**
 * `alipay.data.dataservice.bill.downloadurl.query`: an address from which a bill can be had for 30
 * seconds.
 *
 * @module
 */

import { addMs, type Instant } from '../../alipay/time.ts'
import { type BillPeriod, billPeriod, billRows } from '../bill-rows.ts'
import { DAY_MS } from '../expiry.ts'
import type { World } from '../world.ts'
import { type Method, fail, succeed } from './method.ts'

const LINK_LIFE_MS = 30_000
const HOUR_MS = 3_600_000

/** Bills of the month are made on the 3rd. */
const MONTH_READY_DAYS = 2

/** Older ones are not kept. */
const KEPT_YEARS = 6

/** The method. */
export const billDownloadUrl: Method = (world, { biz }) => {
  const bill_type = biz.requiredText('bill_type', 20)
  const bill_date = biz.requiredText('bill_date', 15)
  const period = billPeriod(bill_date)
  const isDocumented = world.state.settings.bill_refusals === 'documented'
  if (!['trade', 'signcustomer'].includes(bill_type)) {
    return fail(isDocumented ? 'TYPE_NOT_SUPPORTED' : 'isv.invalid_arguments')
  }
  if (period === undefined) {
    return fail(isDocumented ? 'INVAILID_ARGUMENTS' : 'isv.invalid_arguments')
  }
  const now = world.clock.now()
  const fault = isKept(world, period, now) ? world.strikeBill() : undefined
  if (!isKept(world, period, now) || fault?.name === 'bill-late') {
    return fail(isDocumented ? 'BILL_NOT_EXIST' : 'isp.bill_not_exist')
  }
  const isEmpty = billRows(world, period).length === 0
  const token = `${world.numbers.traceId()}${world.numbers.traceId()}`
  for (const [old, link] of world.billLinks) if (link.expires_at <= now) world.billLinks.delete(old)
  world.billLinks.set(token, { bill_type, bill_date, fault, expires_at: addMs(now, LINK_LIFE_MS) })
  return succeed({
    bill_download_url: downloadUrl(world, bill_type, bill_date, token),
    bill_file_code: isEmpty ? 'EMPTY_DATA_WITH_BILL_FILE' : undefined,
  })
}

/** Whether there is such a bill now: it was made, and is not thrown away yet. */
function isKept(world: World, { from, until }: BillPeriod, now: Instant): boolean {
  const isMonth = until - from > DAY_MS
  const waitMs = isMonth ? MONTH_READY_DAYS * DAY_MS : 0
  const readyAt = until + waitMs + world.state.settings.bill_ready_hour * HOUR_MS
  return now >= readyAt && now < until + KEPT_YEARS * 365.25 * DAY_MS
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
