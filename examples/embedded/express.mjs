import express from 'express'
import { nodeListener } from 'saoma/server'
import { checkout, home, isPaid, port, saoma } from './saoma.mjs'

const shop = express()

// Before any parser: Alipay's signature is over the raw body.
shop.use('/pay', nodeListener(saoma))
shop.use(express.json(), express.urlencoded())

shop.post('/orders', async (request, response) => {
  response.redirect(303, await checkout(`ORDER-${Date.now()}`))
})

shop.get('/orders/:id', async (request, response) => {
  const { id } = request.params
  response.type('text').send(`${id}: ${(await isPaid(id)) ? 'paid' : 'waiting'}\n`)
})

shop.listen(port, '127.0.0.1', () => console.log(`The shop is open at ${home}`))
