/**
 * Alipay's bills as files: the business bill (`trade`) and the account bill (`signcustomer`), each
 * of them a ZIP of two CSV files in GBK.
 *
 * @module
 * @see Alipay: 查询对账单下载地址
 */

import { encodeText } from '../alipay/charset.ts'
import { type Fen, formatYuan, toFen } from '../alipay/money.ts'
import { type Instant, formatBeijingTime } from '../alipay/time.ts'
import { type BillPeriod, type BillRow, billPeriod, billRows } from './bill-rows.ts'
import type { World } from './world.ts'
import { writeZip } from './zip.ts'

/**
 * Writes a bill.
 *
 * @param type `trade` or `signcustomer`.
 * @param date A day, `yyyy-MM-dd`, or a month, `yyyy-MM`.
 */
export function writeBill(world: World, type: string, date: string): Buffer {
  const period = billPeriod(date)
  if (period === undefined) throw new RangeError(`A bill is of yyyy-MM-dd or yyyy-MM, not ${date}`)
  const account = `${world.keys.credentials.seller_id}0156`
  const rows = billRows(world, period)
  const title = type === 'trade' ? '业务明细' : '账务明细'
  const detail = type === 'trade' ? tradeDetail(rows) : accountDetail(world, rows, period)
  const summary = type === 'trade' ? tradeSummary(rows) : accountSummary(rows)
  const kind = type === 'trade' ? '业务' : '账务'
  const file = (name: string, heading: string, section: string, body: Section) => ({
    name: encodeText(name, 'gbk'),
    content: encodeText(csv(world, heading, account, period, section, body), 'gbk'),
  })
  const day = date.replaceAll('-', '')
  return writeZip([
    file(`${account}_${day}_${title}.csv`, `${kind}明细查询`, `${kind}明细列表`, detail),
    file(`${account}_${day}_${title}(汇总).csv`, `${kind}汇总查询`, `${kind}汇总列表`, summary),
  ])
}

/** The part of a file that differs: its table, and the comment lines below it. */
interface Section {
  readonly header: string
  readonly rows: readonly string[]
  readonly totals: readonly string[]
}

function csv(
  world: World,
  heading: string,
  account: string,
  period: BillPeriod,
  section: string,
  { header, rows, totals }: Section,
): string {
  const lines = [
    `#支付宝${heading}`,
    `#账号：[${account}]`,
    `#起始日期：[${chineseTime(period.from)}]   终止日期：[${chineseTime(period.until)}]`,
    `#-----------------------------------------${section}----------------------------------------`,
    header,
    ...rows,
    `#-----------------------------------------${section}结束------------------------------------`,
    ...totals,
    `#导出时间：[${chineseTime(world.clock.now())}]`,
  ]
  return `${lines.join('\r\n')}\r\n`
}

const TRADE_HEADER =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,' +
  '订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,' +
  '券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注'

function tradeDetail(rows: readonly BillRow[]): Section {
  const [payments, refunds] = split(rows)
  return {
    header: TRADE_HEADER,
    rows: rows.map(({ at, trade, refund, amount }) => {
      const { order } = trade
      return [
        tabbed(trade.trade_no),
        tabbed(order.out_trade_no),
        tabbed(refund === undefined ? '交易' : '退款'),
        cell(order.subject),
        formatBeijingTime(trade.created_at),
        formatBeijingTime(at),
        tabbed(order.store_id),
        tabbed(''),
        tabbed(order.operator_id),
        tabbed(order.terminal_id),
        tabbed(trade.buyer_id.replace(/^(\d{4})\d+(\d{2})$/, '**($1******$2)')),
        formatYuan(amount),
        formatYuan(amount),
        '0.00,0.00,0.00,0.00,0.00,',
        `0.00\t,0.00`,
        tabbed(refund?.out_request_no),
        '0.00,0.00',
        cell(refund?.reason),
      ].join(',')
    }),
    totals: [
      `#交易合计：${payments.length}笔，商家实收共${yuan(payments)}元，商家优惠共0.00元`,
      `#退款合计：${refunds.length}笔，商家实收退款共${yuan(refunds)}元，商家优惠退款共0.00元`,
    ],
  }
}

function tradeSummary(rows: readonly BillRow[]): Section {
  const stores = [...new Set(rows.map(({ trade }) => trade.order.store_id ?? ''))].sort()
  const line = (name: string, ofStore: readonly BillRow[]) => {
    const [payments, refunds] = split(ofStore)
    const total = yuan(ofStore)
    const counts = `${payments.length},${refunds.length}`
    return [tabbed(name), tabbed(''), counts, total, total, '0.00,0.00,0.00,0.00,0.00', total].join(
      ',',
    )
  }
  return {
    header:
      '门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,' +
      '卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）',
    rows: [
      ...stores.map((store) =>
        line(
          store,
          rows.filter(({ trade }) => (trade.order.store_id ?? '') === store),
        ),
      ),
      line('合计', rows),
    ],
    totals: [],
  }
}

function accountDetail(world: World, rows: readonly BillRow[], period: BillPeriod): Section {
  const [payments, refunds] = split(rows)
  let balance = sum(billRows(world).filter(({ at }) => at < period.from))
  return {
    header:
      '账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,' +
      '交易渠道,业务类型,备注',
    rows: rows.map(({ at, trade, refund, amount }, index) => {
      balance = toFen(balance + amount)
      return [
        tabbed(`${trade.trade_no.slice(0, 8)}${String(index + 1).padStart(8, '0')}`),
        tabbed(trade.trade_no),
        tabbed(trade.order.out_trade_no),
        cell(trade.order.subject),
        formatBeijingTime(at),
        tabbed(trade.buyer_id),
        formatYuan(refund === undefined ? amount : toFen(0)),
        formatYuan(refund === undefined ? toFen(0) : amount),
        formatYuan(balance),
        tabbed('支付宝'),
        tabbed(refund === undefined ? '在线支付' : '交易退款'),
        cell(refund?.reason ?? refund?.out_request_no),
      ].join(',')
    }),
    totals: [
      `#支出合计：${refunds.length}笔，共${yuan(refunds)}元`,
      `#收入合计：${payments.length}笔，共${yuan(payments)}元`,
    ],
  }
}

function accountSummary(rows: readonly BillRow[]): Section {
  const [payments, refunds] = split(rows)
  const line = (name: string, income: readonly BillRow[], expense: readonly BillRow[]) =>
    `${tabbed(name)},${income.length},${yuan(income)},${expense.length},${yuan(expense)},` +
    yuan([...income, ...expense])
  return {
    header: '类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）,总金额（元）',
    rows: [
      line('在线支付', payments, []),
      line('交易退款', [], refunds),
      line('合计', payments, refunds),
    ],
    totals: [],
  }
}

function split(rows: readonly BillRow[]): [payments: BillRow[], refunds: BillRow[]] {
  return [
    rows.filter(({ refund }) => refund === undefined),
    rows.filter(({ refund }) => refund !== undefined),
  ]
}

function sum(rows: readonly BillRow[]): Fen {
  return rows.reduce((total, { amount }) => toFen(total + amount), toFen(0))
}

function yuan(rows: readonly BillRow[]): string {
  return formatYuan(sum(rows))
}

/** The tab keeps spreadsheets from reading numbers as fractions. */
function tabbed(text: string | undefined): string {
  return `${cell(text)}\t`
}

/** Bills know no quoting, so what would break the table becomes a blank. */
function cell(text: string | undefined): string {
  return (text ?? '').replaceAll(/[,\r\n\t]/g, ' ')
}

function chineseTime(time: Instant): string {
  const [date = '', clock = ''] = formatBeijingTime(time).split(' ')
  const [year, month, day] = date.split('-')
  return `${year}年${month}月${day}日 ${clock}`
}
