/**
 * A process that answers every request with one text, signed beforehand: the least a gateway can
 * do, so that what is measured is the client. Its parent sends the text and gets the address.
 *
 * @module
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

process.once('message', (text: string) => {
  const body = Buffer.from(text)
  const headers = { 'content-type': 'text/html;charset=utf-8', 'content-length': body.length }
  const server = createServer((request, response) => {
    request.resume()
    request.once('end', () => response.writeHead(200, headers).end(body))
  })
  // A contender whose turn comes must not meet a connection that was just closed.
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1', () => {
    process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}/gateway.do`)
  })
})

process.once('disconnect', () => process.exit())
