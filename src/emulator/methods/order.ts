/**
 * Reading an order: what a precreate and a barcode payment have in common.
 *
 * @module
 */

import { parseYuan, toFen } from '../../alipay/money.ts'
import type { Order } from '../records.ts'
import type { World } from '../world.ts'
import { BizRefused, invalid } from './biz-content.ts'
import type { MethodCall } from './method.ts'

/** 当面付, 订单码支付, and the express variant of the first. */
const PRODUCT_CODES = new Set(['FACE_TO_FACE_PAYMENT', 'QR_CODE_OFFLINE', 'OFFLINE_PAYMENT'])

const GOODS_MAX = 150

/** @throws {BizRefused} If Alipay would not take the order. */
export function readOrder(world: World, call: MethodCall): Order {
  const { biz } = call
  const out_trade_no = biz.merchantNumber('out_trade_no')
  if (out_trade_no === undefined) throw invalid('out_trade_no')
  const total_amount = biz.requiredAmount('total_amount')
  const order: Order = {
    out_trade_no,
    total_amount,
    subject: readSubject(world, call),
    body: biz.text('body', 128),
    store_id: readStoreId(call),
    operator_id: biz.text('operator_id', 28),
    terminal_id: biz.text('terminal_id', 32),
    passback_params: biz.text('passback_params', 512),
    goods_detail: readGoods(call),
    expiry: {
      time_expire: biz.time('time_expire'),
      timeout_express: biz.timeout('timeout_express'),
      qr_code_timeout_express: biz.timeout('qr_code_timeout_express'),
    },
    notify_url: call.notify_url,
    app_id: call.app_id,
    charset: call.charset,
    sign_type: call.sign_type,
    mode: call.mode,
  }
  checkProduct(call)
  checkSeller(world, call)
  checkDiscount(call, total_amount)
  checkPayChannels(call)
  if (order.expiry.time_expire !== undefined && order.expiry.time_expire <= world.clock.now()) {
    throw new BizRefused('ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR')
  }
  return order
}

function readSubject(world: World, { biz }: MethodCall): string {
  const subject = biz.requiredText('subject', 256)
  const isStrict = world.state.settings.subject_special_characters === 'refused'
  if (isStrict && /[/=&]/.test(subject)) throw invalid('subject')
  return subject
}

function readStoreId({ biz }: MethodCall): string | undefined {
  const id = biz.text('store_id', 32)
  if (id !== undefined && /[^\x20-\x7e]/.test(id)) throw new BizRefused('ACQ.INVALID_STORE_ID')
  return id
}

function readGoods({ biz }: MethodCall): string | undefined {
  const goods = biz.raw('goods_detail')
  if (goods === undefined) return undefined
  if (!Array.isArray(goods)) throw invalid('goods_detail')
  if (goods.length > GOODS_MAX) throw new BizRefused('ACQ.SUB_GOODS_SIZE_MAX_COUNT')
  for (const item of goods as unknown[]) {
    for (const name of ['goods_id', 'goods_name', 'quantity', 'price']) {
      const value = (item as Record<string, unknown> | null)?.[name]
      if (value === undefined || value === null || value === '') throw invalid('goods_detail')
    }
  }
  return JSON.stringify(goods)
}

function checkProduct({ biz }: MethodCall): void {
  const product = biz.text('product_code', 64)
  if (product !== undefined && !PRODUCT_CODES.has(product)) throw invalid('product_code')
}

function checkSeller(world: World, { biz }: MethodCall): void {
  const seller = biz.text('seller_id', 28)
  if (seller !== undefined && seller !== world.keys.credentials.seller_id) {
    throw new BizRefused('ACQ.SELLER_NOT_EXIST')
  }
  if (world.state.settings.seller_status === 'blocked') {
    throw new BizRefused('ACQ.SELLER_BEEN_BLOCKED')
  }
}

/** Where both parts are given they make up the whole. A part may be 0. */
function checkDiscount({ biz }: MethodCall, total: number): void {
  const parts = ['discountable_amount', 'undiscountable_amount'].map((name) => {
    const text = biz.text(name, 11)
    if (text === undefined) return undefined
    try {
      return parseYuan(text)
    } catch {
      throw invalid(name)
    }
  })
  const [discountable, undiscountable] = parts
  if (discountable === undefined || undiscountable === undefined) return
  if (toFen(discountable + undiscountable) !== total) throw invalid('discountable_amount')
}

function checkPayChannels({ biz }: MethodCall): void {
  const names = ['enable_pay_channels', 'disable_pay_channels']
  if (names.every((name) => biz.text(name, 128) !== undefined)) throw invalid('enable_pay_channels')
}
