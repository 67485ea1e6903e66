/**
 * `alipay.data.dataservice.bill.downloadurl.query`, 查询对账单下载地址: where a day's or a month's bill can
 * be fetched.
 *
 * A day's bill is there by about 9:00 of the next day, a month's by about the 3rd; both may be
 * late. The sandbox gives a template only.
 *
 * Source: API page 查询对账单下载地址 of Alipay's open platform.
 *
 * @module
 */

import type { CommonAnswer, Method } from '../method.ts'

/** What `alipay.data.dataservice.bill.downloadurl.query` is asked. */
export interface BillDownloadUrlRequest {
  /**
   * String(20), required. `trade`: payments and refunds (业务账单). `signcustomer`: changes of the
   * balance (账务账单). `merchant_act`: marketing. `trade_zft_merchant`, `zft_acc`: platforms (直付通).
   * `settlementMerge`: merged settlements.
   */
  readonly bill_type:
    | 'trade'
    | 'signcustomer'
    | 'merchant_act'
    | 'trade_zft_merchant'
    | 'zft_acc'
    | 'settlementMerge'
    | (string & {})
  /**
   * String(15), required. `yyyy-MM-dd` for a day, `yyyy-MM` for a month, in China; past ones only,
   * up to 6 years back.
   */
  readonly bill_date: string
  /** String(20). The merchant for whom a platform collects; with `trade_zft_merchant` only. */
  readonly smid?: string
  /**
   * String(10). `true` asks for an https address. Newer than the other fields; without it the
   * address is http.
   */
  readonly secure?: 'true' | 'false'
}

/** What `alipay.data.dataservice.bill.downloadurl.query` answers. */
export interface BillDownloadUrlAnswer extends CommonAnswer {
  /**
   * String(2048). A ZIP file, to be fetched by plain GET within **30 seconds**. Whoever has the
   * address has the bill.
   */
  readonly bill_download_url?: string
  /** String(64). `EMPTY_DATA_WITH_BILL_FILE`: no business that day, and an empty bill. */
  readonly bill_file_code?: 'EMPTY_DATA_WITH_BILL_FILE' | (string & {})
}

/** 对账单下载地址: asks where a bill can be fetched. */
export const billDownloadUrl: Method<BillDownloadUrlRequest, BillDownloadUrlAnswer> = {
  name: 'alipay.data.dataservice.bill.downloadurl.query',
}
