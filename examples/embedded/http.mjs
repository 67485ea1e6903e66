import { createServer } from 'node:http'
import { nodeListener } from 'saoma/server'
import { checkout, home, isPaid, port, saoma } from './saoma.mjs'

const pay = nodeListener(saoma)

async function orders(request, response) {
  const [, place, id] = request.url.split('/')
  if (place !== 'orders') {
    response.writeHead(404).end()
  } else if (request.method === 'POST') {
    response.writeHead(303, { location: await checkout(`ORDER-${Date.now()}`) }).end()
  } else {
    response.end(`${id}: ${(await isPaid(id)) ? 'paid' : 'waiting'}\n`)
  }
}

const shop = createServer((request, response) => {
  if (request.url.startsWith('/pay/')) {
    request.url = request.url.slice('/pay'.length)
    pay(request, response)
  } else {
    orders(request, response).catch(() => response.writeHead(500).end())
  }
})

shop.listen(port, '127.0.0.1', () => console.log(`The shop is open at ${home}`))
