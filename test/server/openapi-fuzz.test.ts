/**
 * Requests drawn from the OpenAPI document itself, right and wrong ones, against the real engine, a
 * real store and an emulator: no failure of ours, and no answer that the document does not
 * promise.
 *
 * @module
 */
import { Ajv2020 } from 'ajv/dist/2020.js'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { billZip } from '../books/bill-files.ts'
import { API_KEY, openShop, type Shop } from '../payments/shop.ts'
import { fromSchema, type JsonSchema } from './from-json-schema.ts'

const REQUESTS = process.env['SAOMA_TEST_ALL'] ? 20_000 : 4_000

interface OperationObject {
  readonly operationId: string
  readonly parameters: readonly {
    readonly name: string
    readonly in: 'path' | 'query' | 'header'
    readonly required: boolean
    readonly schema: JsonSchema
  }[]
  readonly requestBody?: {
    readonly content: { 'application/json': { readonly schema: JsonSchema } }
  }
  readonly responses: Readonly<Record<string, ResponseObject>>
}

interface ResponseObject {
  readonly $ref?: string
  readonly content?: Readonly<Record<string, { readonly schema: object }>>
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>
  readonly components: { readonly responses: Readonly<Record<string, ResponseObject>> }
}

/** The shop opens on the 23rd. */
const DAY_BEFORE = '2026-11-22'

let shop: Shop
let document: Document

beforeAll(async () => {
  shop = await openShop()
  const answer = await shop.fetch('/v1/openapi.json')
  document = (await answer.json()) as Document
  // Something to be found: waiting, paid, refunded.
  for (const reference of ['A', 'B', 'C']) {
    await call('POST', '/v1/payments', { amount: 8_888, subject: '美式咖啡', reference })
  }
  for (let count = 0; count < 12; count++) await shop.sellPaid()
  // A day that is over, with rows that nobody knows.
  const rows = Array.from({ length: 3 }, (_, n) => ({ outTradeNo: `OTHER-${n}`, amount: 5 }))
  const bill = billZip({ date: DAY_BEFORE, rows })
  const uploaded = await shop.fetch('/v1/bills', {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-length': String(bill.length) },
    body: new Uint8Array(bill),
  })
  expect(uploaded.status).toBe(200)
})

afterAll(() => shop.close())

async function call(method: string, path: string, body?: unknown, headers = {}) {
  return shop.fetch(path, {
    method,
    headers: {
      authorization: `Bearer ${API_KEY}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

describe('the API and its document', () => {
  test(`${REQUESTS} requests drawn from the document: no failure, no answer that it does not promise`, async () => {
    const ajv = new Ajv2020({ strict: false, formats: fullFormats })
    ajv.addSchema({ $id: 'document', components: document.components })
    const names = new Names()
    const all = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
    )
    const validators = new Map<string, (value: unknown) => boolean>()
    const validate = (key: string, schema: object) => {
      const text = JSON.stringify(schema).replaceAll('"#/components', '"document#/components')
      const known = validators.get(key) ?? ajv.compile(JSON.parse(text) as object)
      validators.set(key, known)
      return known
    }
    const seen = new Map<string, number>()

    const request = fc.constantFrom(...all).chain((one) => {
      const named = (kind?: string) => fc.nat().map((index) => names.pick(index, kind))
      const someName = named()
      const itsName = named(one.path.split('/')[2])
      const meant = (field?: string) =>
        field === 'date'
          ? fc.constantFrom(DAY_BEFORE, '2026-11-21', '2026-02-30', '2999-01-01')
          : field === 'email'
            ? fc.nat(50).map((number) => `user${number}@shop.example`)
            : field === 'url'
              ? fc.constantFrom('https://shop.example/hook', 'https://shop.example/other')
              : named(field === 'payment' ? 'payments' : undefined)
      const parameters = one.operation.parameters.map((parameter) =>
        fc.record({
          parameter: fc.constant(parameter),
          value:
            parameter.in === 'path'
              ? fc.oneof(
                  { weight: 12, arbitrary: itsName },
                  { weight: 1, arbitrary: someName },
                  { weight: 1, arbitrary: fc.string({ minLength: 1 }) },
                )
              : fromSchema(parameter.schema, () => meant(parameter.name)),
          given: parameter.required
            ? fc.constant(true)
            : fc.integer({ max: 3 }).map((n) => n === 3),
        }),
      )
      const schema = one.operation.requestBody?.content['application/json'].schema
      return fc.record({
        one: fc.constant(one),
        parameters: fc.tuple(...parameters),
        body: schema === undefined ? fc.constant(undefined) : fromSchema(schema, meant),
      })
    })

    await fc.assert(
      fc.asyncProperty(request, async ({ one, parameters, body }) => {
        let { path } = one
        const query = new URLSearchParams()
        const headers: Record<string, string> = {}
        for (const { parameter, value, given } of parameters) {
          const text = typeof value === 'string' ? value : JSON.stringify(value)
          if (parameter.in === 'path') {
            path = path.replace(`{${parameter.name}}`, encodeURIComponent(wellFormed(text)) || '-')
          } else if (given && parameter.in === 'query' && Array.isArray(value)) {
            for (const item of value) query.append(parameter.name, String(item))
          } else if (given && parameter.in === 'query') query.set(parameter.name, text)
          else if (given) headers[parameter.name] = toHeader(text)
        }
        const address = query.size === 0 ? path : `${path}?${query.toString()}`
        const answer = await call(one.method.toUpperCase(), address, body, headers)
        const key = `${one.operation.operationId} ${answer.status}`
        seen.set(key, (seen.get(key) ?? 0) + 1)

        expect(answer.headers.get('request-id')).toMatch(/^req_[0-9a-f]{32}$/)
        expect(answer.status, `${key} of ${address}`).toBeLessThan(500)
        const response = one.operation.responses[answer.status]
        const shared = response?.$ref?.split('/').at(-1)
        const promised = shared ? document.components.responses[shared] : response
        expect(promised, `${key} of ${address}: ${JSON.stringify(body)}`).toBeDefined()
        const [type = ''] = (answer.headers.get('content-type') ?? '').split(';')
        const schema = promised?.content?.[type]?.schema
        expect(schema, `${key} as ${type}`).toBeDefined()
        if (type !== 'application/json') {
          await answer.body?.cancel()
          return
        }
        const json = (await answer.json()) as Named & { readonly data?: readonly Named[] }
        const check = validate(key, schema ?? {}) as ReturnType<typeof ajv.compile>
        expect(check(json) ? [] : check.errors, `${key}: ${JSON.stringify(json)}`).toEqual([])
        for (const named of [json, ...(Array.isArray(json.data) ? json.data : [])]) names.add(named)
      }),
      { numRuns: REQUESTS, interruptAfterTimeLimit: 600_000, markInterruptAsFailure: true },
    )

    const done = (id: string) => [200, 201, 202].some((status) => seen.has(`${id} ${status}`))
    const undone = all.map(({ operation }) => operation.operationId).filter((id) => !done(id))
    // What only a state can bring about that no request alone makes.
    const rare = [
      'resolvePayment',
      'retryRefund',
      'cancelRefund',
      // A person asks, and another one decides.
      'getRefundRequest',
      'approveRefundRequest',
      'declineRefundRequest',
      // This server has its keys in its configuration.
      'stageCredential',
      'completeCredential',
      'verifyCredential',
      'activateCredential',
      'retireCredential',
      // An operator's, of whom there is none here.
      'createApp',
      'updateApp',
      'retireApp',
      'restoreApp',
      'deleteApp',
    ]
    expect(undone.filter((id) => !rare.includes(id))).toEqual([])
  }, 700_000)
})

interface Named {
  readonly id?: string
  readonly object?: string
}

/** The objects that were met last, few of each kind, so that requests meet what others touched. */
class Names {
  readonly #kinds = new Map<string, string[]>()

  add({ id, object }: Named): void {
    if (id === undefined || object === undefined) return
    const kind = this.#kinds.get(`${object}s`.replace('deliverys', 'deliveries')) ?? []
    this.#kinds.set(`${object}s`.replace('deliverys', 'deliveries'), kind)
    if (kind.includes(id)) return
    kind.push(id)
    if (kind.length > 12) kind.shift()
  }

  pick(index: number, kind?: string): string {
    const all = kind === undefined ? [...this.#kinds.values()].flat() : this.#kinds.get(kind)
    const names = [...(all ?? []), 'A']
    return names[index % names.length] ?? ''
  }
}

/** Without half characters, which no address can have. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString()
}

/** What may stand in a header. */
function toHeader(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').trim() || 'x'
}
