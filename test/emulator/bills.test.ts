import { crc32, inflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { decodeText } from '../../src/alipay/charset.ts'
import type { Emulator } from '../../src/emulator/index.ts'
import { call, emulatorAt, sell } from './merchant.ts'

const DAY_MS = 86_400_000

async function askForBill(emulator: Emulator, bill_type: string, bill_date: string) {
  const method = 'alipay.data.dataservice.bill.downloadurl.query'
  return (await call(emulator, method, { bill_type, bill_date })).node
}

async function fetchBill(emulator: Emulator, type: string, date: string) {
  emulator.settings.update({ bill_ready_hour: 0 })
  const url = (await askForBill(emulator, type, date))['bill_download_url'] ?? ''
  const response = await emulator.fetch(new Request(url))
  return unzip(Buffer.from(await response.arrayBuffer()))
}

/** Reads an archive by its directory, as archive programs do. */
function unzip(zip: Buffer): { name: string; lines: string[]; flags: number }[] {
  const end = zip.lastIndexOf(Buffer.from('504b0506', 'hex'))
  const files = []
  let at = zip.readUInt32LE(end + 16)
  for (let index = 0; index < zip.readUInt16LE(end + 10); index++) {
    const [size, nameLength] = [zip.readUInt32LE(at + 20), zip.readUInt16LE(at + 28)]
    const local = zip.readUInt32LE(at + 42)
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
    const content = inflateRawSync(zip.subarray(start, start + size))
    expect(crc32(content)).toBe(zip.readUInt32LE(at + 16))
    const text = decodeText(content, 'gbk')
    expect(text.endsWith('\r\n')).toBe(true)
    files.push({
      name: decodeText(zip.subarray(at + 46, at + 46 + nameLength), 'gbk'),
      lines: text.split('\r\n').slice(0, -1),
      flags: zip.readUInt16LE(at + 8),
    })
    at += 46 + nameLength
  }
  return files
}

async function emulatorWithSales(): Promise<Emulator> {
  const emulator = await emulatorAt('2026-11-22 12:00:00')
  await sell(emulator, { store_id: 'S1', subject: '咖啡,大杯' })
  await sell(emulator, { out_trade_no: 'ORDER-2', total_amount: '1.00' })
  const refund = { out_trade_no: 'ORDER-1', refund_amount: '8.88', out_request_no: 'R-1' }
  await call(emulator, 'alipay.trade.refund', { ...refund, refund_reason: '退货' })
  emulator.clock.advance(DAY_MS)
  await sell(emulator, { out_trade_no: 'ORDER-3', total_amount: '5.00' })
  return emulator
}

test('the business bill: names in GBK without a flag, exact headers, a row for each payment and refund', async () => {
  const emulator = await emulatorWithSales()
  const account = `${emulator.credentials.seller_id}0156`
  const [detail, summary] = await fetchBill(emulator, 'trade', '2026-11-22')
  expect(detail?.name).toBe(`${account}_20261122_业务明细.csv`)
  expect(summary?.name).toBe(`${account}_20261122_业务明细(汇总).csv`)
  expect(detail?.flags).toBe(0)
  const tradeNo = (number: string) => emulator.trades.find(number)?.trade_no
  expect(detail?.lines).toEqual([
    '#支付宝业务明细查询',
    `#账号：[${account}]`,
    '#起始日期：[2026年11月22日 00:00:00]   终止日期：[2026年11月23日 00:00:00]',
    '#-----------------------------------------业务明细列表----------------------------------------',
    '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注',
    `${tradeNo('ORDER-1')}\t,ORDER-1\t,交易\t,咖啡 大杯,2026-11-22 12:00:00,2026-11-22 12:00:00,S1\t,\t,\t,\t,**(2088******16)\t,88.88,88.88,0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00,\t,0.00,0.00,`,
    `${tradeNo('ORDER-1')}\t,ORDER-1\t,退款\t,咖啡 大杯,2026-11-22 12:00:00,2026-11-22 12:00:00,S1\t,\t,\t,\t,**(2088******16)\t,-8.88,-8.88,0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00,R-1\t,0.00,0.00,退货`,
    `${tradeNo('ORDER-2')}\t,ORDER-2\t,交易\t,咖啡,2026-11-22 12:00:00,2026-11-22 12:00:00,\t,\t,\t,\t,**(2088******16)\t,1.00,1.00,0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00,\t,0.00,0.00,`,
    '#-----------------------------------------业务明细列表结束------------------------------------',
    '#交易合计：2笔，商家实收共89.88元，商家优惠共0.00元',
    '#退款合计：1笔，商家实收退款共-8.88元，商家优惠退款共0.00元',
    '#导出时间：[2026年11月23日 12:00:00]',
  ])
  expect(summary?.lines[4]).toBe(
    '门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）',
  )
  expect(summary?.lines.slice(5, 8)).toEqual([
    '\t,\t,1,0,1.00,1.00,0.00,0.00,0.00,0.00,0.00,1.00',
    'S1\t,\t,1,1,80.00,80.00,0.00,0.00,0.00,0.00,0.00,80.00',
    '合计\t,\t,2,1,81.00,81.00,0.00,0.00,0.00,0.00,0.00,81.00',
  ])
})

test('the account bill carries the balance on', async () => {
  const emulator = await emulatorWithSales()
  emulator.clock.advance(DAY_MS)
  const [detail, summary] = await fetchBill(emulator, 'signcustomer', '2026-11-23')
  expect(detail?.name).toMatch(/_20261123_账务明细\.csv$/)
  expect(detail?.lines[4]).toBe(
    '账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注',
  )
  const cells = detail?.lines[5]?.split(',').map((cell) => cell.trim())
  expect(cells?.slice(2)).toEqual([
    'ORDER-3',
    '咖啡',
    '2026-11-23 12:00:00',
    '2088102100000016',
    '5.00',
    '0.00',
    '86.00',
    '支付宝',
    '在线支付',
    '',
  ])
  expect(detail?.lines.slice(7, 9)).toEqual([
    '#支出合计：0笔，共0.00元',
    '#收入合计：1笔，共5.00元',
  ])
  expect(summary?.lines[4]).toBe(
    '类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）,总金额（元）',
  )
})

test('a bill is there the day after, later where the setting says so, and never for today or tomorrow', async () => {
  const emulator = await emulatorAt('2026-11-23 08:59:59')
  expect(await askForBill(emulator, 'trade', '2026-11-21')).toMatchObject({ code: '10000' })
  expect(await askForBill(emulator, 'trade', '2026-10')).toMatchObject({ code: '10000' })
  for (const date of ['2026-11-22', '2026-11-23', '2026-11-24', '2026-11', '2020-11-21']) {
    expect(await askForBill(emulator, 'trade', date)).toMatchObject({
      sub_code: 'isp.bill_not_exist',
    })
  }
  for (const [type, date] of [
    ['trade', '2026-02-30'],
    ['trade', '20261122'],
    ['merchant_act', '2026-11-22'],
  ] as const) {
    expect(await askForBill(emulator, type, date)).toMatchObject({
      sub_code: 'isv.invalid_arguments',
    })
  }
  emulator.clock.advance(1000)
  expect(await askForBill(emulator, 'trade', '2026-11-22')).toMatchObject({ code: '10000' })
  emulator.settings.update({ bill_ready_hour: 10, bill_refusals: 'documented' })
  for (const [type, date, sub_code] of [
    ['trade', '2026-11-22', 'BILL_NOT_EXIST'],
    ['trade', '2026-02-30', 'INVAILID_ARGUMENTS'],
    ['merchant_act', '2026-11-22', 'TYPE_NOT_SUPPORTED'],
  ] as const) {
    expect(await askForBill(emulator, type, date)).toMatchObject({ sub_code })
  }
})

test('the bill of a month is there on the 3rd, and has the rows of all its days', async () => {
  const emulator = await emulatorAt('2026-10-31 23:00:00')
  await sell(emulator)
  emulator.clock.advance(2 * DAY_MS + 10 * 3_600_000 - 1)
  expect(await askForBill(emulator, 'trade', '2026-10')).toMatchObject({
    sub_code: 'isp.bill_not_exist',
  })
  emulator.clock.advance(1)
  const [detail] = await fetchBill(emulator, 'trade', '2026-10')
  expect(detail?.lines[2]).toBe(
    '#起始日期：[2026年10月01日 00:00:00]   终止日期：[2026年11月01日 00:00:00]',
  )
  expect(detail?.lines.slice(5, 7)).toEqual([
    expect.stringContaining('ORDER-1\t,交易'),
    expect.stringContaining('列表结束'),
  ])
})

test('discounts and the fee are in their columns, in parts for parts of a refund, and add up', async () => {
  const emulator = await emulatorAt('2026-11-22 12:00:00')
  emulator.settings.update({ fee_rate: 6_000, merchant_discount: 10, platform_discount: 5 })
  await sell(emulator, { total_amount: '100.01' })
  for (const [refund_amount, out_request_no] of [
    ['33.33', 'R-1'],
    ['33.33', 'R-2'],
    ['33.35', 'R-3'],
  ]) {
    const refund = { out_trade_no: 'ORDER-1', refund_amount, out_request_no }
    expect((await call(emulator, 'alipay.trade.refund', refund)).node['code']).toBe('10000')
  }
  emulator.clock.advance(DAY_MS)
  const [detail, summary] = await fetchBill(emulator, 'trade', '2026-11-22')
  const rows = detail?.lines.slice(5, 9).map((line) => {
    const cells = line.split(',')
    return [cells[11], cells[12], cells[15], cells[16], cells[22]]
  })
  expect(rows).toEqual([
    ['100.01', '90.01', '5.00', '10.00', '-0.54'],
    ['-33.33', '-30.00', '-1.67', '-3.33', '0.18'],
    ['-33.33', '-29.99', '-1.66', '-3.34', '0.18'],
    ['-33.35', '-30.02', '-1.67', '-3.33', '0.18'],
  ])
  expect(detail?.lines.slice(10, 12)).toEqual([
    '#交易合计：1笔，商家实收共90.01元，商家优惠共10.00元',
    '#退款合计：3笔，商家实收退款共-90.01元，商家优惠退款共-10.00元',
  ])
  expect(summary?.lines[6]).toBe('合计\t,\t,1,3,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00')
  // All of it went back: the buyer has what he had, and the account what it had.
  expect(emulator.wallet.buyers()[0]?.balance).toBe(1_000_000)
  const [account] = await fetchBill(emulator, 'signcustomer', '2026-11-22')
  expect(account?.lines.slice(5, 13).map((line) => line.split(',')[8])).toEqual([
    '90.01',
    '89.47',
    '59.47',
    '59.65',
    '29.66',
    '29.84',
    '-0.18',
    '0.00',
  ])
})

test('the last minutes of a day are in the bill of the next one, where the setting says so', async () => {
  const emulator = await emulatorAt('2026-11-22 23:59:30')
  emulator.settings.update({ bill_cut_minutes: 1 })
  await sell(emulator)
  emulator.clock.advance(2 * DAY_MS)
  const [first] = await fetchBill(emulator, 'trade', '2026-11-22')
  expect(first?.lines[5]).toContain('列表结束')
  const [second] = await fetchBill(emulator, 'trade', '2026-11-23')
  expect(second?.lines[5]).toContain('ORDER-1')
})

test('a day without business has an empty bill, and says so', async () => {
  const emulator = await emulatorAt()
  const node = await askForBill(emulator, 'trade', '2026-11-22')
  expect(node['bill_file_code']).toBe('EMPTY_DATA_WITH_BILL_FILE')
  const [detail] = await fetchBill(emulator, 'trade', '2026-11-22')
  expect(detail?.lines[5]).toMatch(/^#-+业务明细列表结束-+$/)
})

test('the address of a bill is good for 30 seconds', async () => {
  const emulator = await emulatorAt()
  const url = (await askForBill(emulator, 'trade', '2026-11-22'))['bill_download_url'] ?? ''
  emulator.clock.advance(29_999)
  expect((await emulator.fetch(new Request(url))).headers.get('content-type')).toBe(
    'application/zip',
  )
  emulator.clock.advance(1)
  expect((await emulator.fetch(new Request(url))).status).toBe(403)
})
