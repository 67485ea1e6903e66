/**
 * The page about traces, followed word by word: `saoma dev` with its file sends spans by OTLP.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { devArgs, devOptions, root, startSaoma, untilSaid } from '../saoma-program.ts'

interface Exported {
  readonly resourceSpans: {
    readonly resource: { readonly attributes: { key: string; value: { stringValue?: string } }[] }
    readonly scopeSpans: { readonly spans: { name: string; traceId: string }[] }[]
  }[]
}

test('spans arrive where OTEL_EXPORTER_OTLP_ENDPOINT says, the last ones before the end', async () => {
  const file = join(root, 'examples/traces/otlp.mjs')
  const page = readFileSync(join(root, 'docs/operating/traces.md'), 'utf8')
  expect(page).toContain(`\`\`\`js\n${readFileSync(file, 'utf8')}\`\`\``)

  const exported: Exported[] = []
  const collector = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      exported.push(JSON.parse(Buffer.concat(parts).toString()) as Exported)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  }).listen(0, '127.0.0.1')
  await once(collector, 'listening')
  onTestFinished(() => void collector.close())
  const { port } = collector.address() as AddressInfo

  const options = await devOptions()
  const dev = await startSaoma(devArgs(options), {
    NODE_OPTIONS: `--import ${file}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_SERVICE_NAME: 'till',
  })
  await untilSaid(dev, 'Stop with Ctrl+C')
  const key = readFileSync(join(options.folder, 'api-key-test'), 'utf8').trim()
  await fetch(`http://127.0.0.1:${options.port}/v1/payments`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ amount: 100, subject: '水' }),
  })
  await dev.kill('SIGTERM')

  const resources = exported.flatMap(({ resourceSpans }) => resourceSpans)
  const services = resources.flatMap(({ resource }) => resource.attributes)
  expect(services).toContainEqual({ key: 'service.name', value: { stringValue: 'till' } })
  const spans = resources.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans))
  const request = spans.find(({ name }) => name === 'POST /v1/payments')
  const inTrace = spans.filter(({ traceId }) => traceId === request?.traceId)
  expect(inTrace.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['step precreate', 'alipay.trade.precreate', 'commit']),
  )
})
