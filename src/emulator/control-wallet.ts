/**
 * The part of the control API that acts for buyers.
 *
 * @module
 */

import { Hono } from 'hono'
import { z } from 'zod'
import type { Emulator } from './emulator.ts'

const scanBody = z.strictObject({ buyer: z.string(), code: z.string() })
const tradeBody = z.strictObject({ buyer: z.string(), trade_no: z.string() })
const buyerBody = z.strictObject({ buyer: z.string() })

/**
 * The routes under `/_emulator/wallet`. What a buyer meets is told by `status`, with the HTTP
 * status 200.
 */
export function controlWallet({ wallet }: Emulator): Hono {
  const app = new Hono()
  app.post('/scan', async (c) => {
    const { buyer, code } = scanBody.parse(await c.req.json())
    return c.json(wallet.scan(code, buyer))
  })
  const pay = app.post('/pay', async (c) => {
    const { buyer, trade_no } = tradeBody.parse(await c.req.json())
    return c.json(wallet.pay(trade_no, buyer))
  })
  // A barcode payment that waits for the password is paid like any other trade.
  pay.post('/confirm', async (c) => {
    const { buyer, trade_no } = tradeBody.parse(await c.req.json())
    return c.json(wallet.pay(trade_no, buyer))
  })
  app.post('/refuse', async (c) => {
    const { buyer, trade_no } = tradeBody.parse(await c.req.json())
    return c.json(wallet.refuse(trade_no, buyer))
  })
  app.post('/payment-code', async (c) => {
    const { buyer } = buyerBody.parse(await c.req.json())
    const code = wallet.paymentCode(buyer)
    if (code === undefined) throw new RangeError(`There is no buyer ${buyer}`)
    return c.json(code)
  })
  app.get('/trades', (c) => c.json({ trades: wallet.trades(c.req.query('buyer') ?? '') }))
  return app
}
