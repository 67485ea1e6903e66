import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { checkout, home, isPaid, port, saoma } from './saoma.mjs'

const shop = new Hono()

shop.mount('/pay', (request, { incoming }) => saoma.fetch(request, { incoming }))

shop.post('/orders', async (c) => c.redirect(await checkout(`ORDER-${Date.now()}`), 303))

shop.get('/orders/:id', async (c) => {
  const id = c.req.param('id')
  return c.text(`${id}: ${(await isPaid(id)) ? 'paid' : 'waiting'}\n`)
})

serve({ fetch: shop.fetch, port, hostname: '127.0.0.1' }, () =>
  console.log(`The shop is open at ${home}`),
)
