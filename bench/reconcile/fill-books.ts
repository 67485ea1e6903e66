/**
 * As many paid payments as asked for, and Alipay's bill of them.
 *
 * @module
 */
import { writeFileSync } from 'node:fs'
import { addMs, formatBeijingDate, formatBeijingTime, toFen } from '../../src/alipay/index.ts'
import { encodeText } from '../../src/alipay/charset.ts'
import { writeZip } from '../../src/emulator/zip.ts'
import { commitOf, lease, opening } from '../../test/store/payments-to-store.ts'
import { addEndedPayments, endedPayment } from '../engine/ended-payments.ts'
import { openPostgresStore, openSqliteStore } from '../../src/store/index.ts'
import { fileOf, type Place } from '../engine/place.ts'

const YUAN = '88.88'

/** Fills both, all of them on the day of {@link opening}. */
export async function fillBooks(place: Place, bill: string, rows: number): Promise<void> {
  const store =
    place.kind === 'sqlite' ? await openSqliteStore(fileOf(place)) : await openPostgresStore(place)
  const paidAt = addMs(opening, 1_000)
  const id = 'pay_template'
  const commit = commitOf(id, {
    status: 'succeeded',
    paidAt,
    amount: toFen(8888),
    nextStepAt: null,
    outTradeNo: 'smtemplate',
  })
  const held = lease()
  await store.payments.insert(commit, held)
  await store.payments.release(held, id, null)
  await store.close()
  await addEndedPayments(place, id, 1, rows - 1)

  const time = formatBeijingTime(paidAt)
  const lines = Array.from({ length: rows }, (_, n) => {
    const number = n === 0 ? 'smtemplate' : endedPayment(n).outTradeNo
    const tradeNo = `2026112322001${String(n).padStart(15, '0')}`
    return `${tradeNo}\t,${number}\t,交易\t,咖啡,${time},${time},S1\t,\t,\t,\t,**博(156******89)\t,${YUAN},${YUAN},0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00,\t,0.00,0.00,`
  })
  const date = formatBeijingDate(paidAt)
  const [year, month, day] = date.split('-')
  const next = formatBeijingDate(addMs(paidAt, 86_400_000)).split('-')
  const text = [
    '#支付宝业务明细查询',
    '#账号：[20881020000000010156]',
    `#起始日期：[${year}年${month}月${day}日 00:00:00]   终止日期：[${next[0]}年${next[1]}月${next[2]}日 00:00:00]`,
    '#-----------------------------------------业务明细列表----------------------------------------',
    HEADER,
    ...lines,
    '#-----------------------------------------业务明细列表结束------------------------------------',
    '',
  ].join('\r\n')
  const name = encodeText(`20881020000000010156_${date}_业务明细.csv`, 'gbk')
  writeFileSync(bill, writeZip([{ name, content: encodeText(text, 'gbk') }]))
}

const HEADER =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,' +
  '订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,' +
  '券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注'
