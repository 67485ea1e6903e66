/**
 * The store of the desk on both databases: what one does the other must do.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import type { RefundRequest } from '../../src/access/index.ts'
import { addMs, toFen } from '../../src/alipay/index.ts'
import { storeKinds } from './opened-stores.ts'
import { opening } from './payments-to-store.ts'

const request: RefundRequest = {
  id: 'rr_1',
  appId: 'app_1',
  paymentId: 'pay_1',
  amount: toFen(10_000),
  reference: '退货-1',
  reason: '顾客退货 😀',
  metadata: { 单号: '1' },
  status: 'pending',
  requestedBy: { id: 'usr_1', name: '小王' },
  requestedAt: opening,
  decidedBy: null,
  decidedAt: null,
  refundId: null,
  failure: null,
}

describe.each(storeKinds)('on $kind', ({ open }) => {
  test('a request is kept once, found in its application, and decided about by one of many', async () => {
    const { desk } = (await open()).store
    await desk.insertRefundRequest(request)
    await desk.insertRefundRequest({ ...request, reason: 'the same again' })
    expect(await desk.findRefundRequest('app_1', 'rr_1')).toEqual(request)
    expect(await desk.findRefundRequest('app_2', 'rr_1')).toBeUndefined()
    const decision = {
      status: 'approved' as const,
      decidedBy: { id: 'usr_2', name: '财务' },
      decidedAt: opening,
    }
    expect(await desk.updateRefundRequest('app_2', 'rr_1', 'pending', decision)).toBe(false)
    const all = await Promise.all(
      Array.from({ length: 10 }, () =>
        desk.updateRefundRequest('app_1', 'rr_1', 'pending', decision),
      ),
    )
    expect(all.filter(Boolean)).toHaveLength(1)
    await desk.updateRefundRequest('app_1', 'rr_1', 'approved', { refundId: 're_1' })
    expect(await desk.findRefundRequest('app_1', 'rr_1')).toEqual({
      ...request,
      ...decision,
      refundId: 're_1',
    })
  })

  test('requests are listed from the newest, page by page, by status', async () => {
    const { desk } = (await open()).store
    for (const [id, appId, status] of [
      ['rr_1', 'app_1', 'pending'],
      ['rr_2', 'app_1', 'declined'],
      ['rr_3', 'app_2', 'pending'],
      ['rr_4', 'app_1', 'pending'],
    ] as const) {
      const requestedAt = addMs(opening, Number(id.slice(3)))
      await desk.insertRefundRequest({ ...request, id, appId, status, requestedAt })
    }
    const ids = async (range: Parameters<typeof desk.listRefundRequests>[1]) =>
      (await desk.listRefundRequests('app_1', range)).map(({ id }) => id)
    expect(await ids({ limit: 2 })).toEqual(['rr_4', 'rr_2'])
    expect(await ids({ limit: 2, before: 'rr_2' })).toEqual(['rr_1'])
    expect(await ids({ limit: 9, status: 'pending' })).toEqual(['rr_4', 'rr_1'])
  })

  test('settings and filters belong to an application, filters to a user too', async () => {
    const { desk } = (await open()).store
    expect(await desk.readSettings('app_1')).toEqual({ refundApprovalAbove: null })
    await desk.writeSettings('app_1', { refundApprovalAbove: toFen(10_000) })
    await desk.writeSettings('app_1', {})
    expect(await desk.readSettings('app_1')).toEqual({ refundApprovalAbove: 10_000 })
    expect(await desk.readSettings('app_2')).toEqual({ refundApprovalAbove: null })
    await desk.writeSettings('app_1', { refundApprovalAbove: null })
    expect(await desk.readSettings('app_1')).toEqual({ refundApprovalAbove: null })

    const filter = {
      id: 'flt_1',
      appId: 'app_1',
      userId: 'usr_1',
      name: '今天未付',
      list: 'payments' as const,
      query: { status: 'expired', q: "'; drop table users; --" },
      createdAt: opening,
    }
    await desk.insertSavedFilter(filter)
    expect(await desk.listSavedFilters('app_1', 'usr_1')).toEqual([filter])
    expect(await desk.listSavedFilters('app_1', 'usr_2')).toEqual([])
    expect(await desk.deleteSavedFilter('app_1', 'usr_2', 'flt_1')).toBe(false)
    expect(await desk.deleteSavedFilter('app_1', 'usr_1', 'flt_1')).toBe(true)
    expect(await desk.listSavedFilters('app_1', 'usr_1')).toEqual([])
  })
})
