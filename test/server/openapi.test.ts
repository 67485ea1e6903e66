/**
 * The OpenAPI document: what it promises is what is written about the API, and what the API
 * answers.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { z } from 'zod'
import { SCOPES } from '../../src/access/index.ts'
import type { PaymentJson, RefundJson } from '../../src/payments/index.ts'
import { openApi, problemsOf } from '../../src/server/openapi.ts'
import { operations } from '../../src/server/operations.ts'
import { PROBLEM_TYPES } from '../../src/server/problem.ts'
import type { payment, refund } from '../../src/server/schemas.ts'

const document = openApi(operations)

describe('the document', () => {
  test('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(structuredClone(document))
    expect(result.errors ?? []).toEqual([])
    expect(result.valid).toBe(true)
  })

  test('is the one that is kept in docs; `node scripts/openapi.mjs` writes it', () => {
    const file = new URL('../../docs/reference/openapi.json', import.meta.url)
    const kept = JSON.parse(readFileSync(file, 'utf8')) as unknown
    expect(JSON.parse(JSON.stringify(document))).toEqual(kept)
  })

  test('writes payments and refunds as the engine does', () => {
    // Its refunds come along where `expand[]` asks for them.
    type Written = keyof PaymentJson | 'refunds'
    expectTypeOf<keyof z.output<typeof payment>>().toEqualTypeOf<Written>()
    expectTypeOf<keyof z.output<typeof refund>>().toEqualTypeOf<keyof RefundJson>()
  })

  test('names each operation once', () => {
    const ids = operations.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const addresses = operations.map(({ method, path }) => `${method} ${path}`)
    expect(new Set(addresses).size).toBe(addresses.length)
  })

  test('says of each problem code one thing', () => {
    const told = new Map<string, Set<number>>()
    for (const one of operations) {
      for (const [code, { status }] of Object.entries(problemsOf(one))) {
        told.set(code, (told.get(code) ?? new Set()).add(status))
      }
    }
    const ambiguous = [...told].filter(([, statuses]) => statuses.size > 1)
    expect(ambiguous).toEqual([])
    const known: readonly number[] = Object.values(PROBLEM_TYPES).flat()
    expect([...told.values()].flatMap((statuses) => [...statuses])).toSatisfy(
      (statuses: number[]) => statuses.every((status) => known.includes(status)),
    )
  })

  test('explains every scope', () => {
    const { description } = document.components.securitySchemes.apiKey
    expect(Object.keys(SCOPES).filter((scope) => !description.includes(scope))).toEqual([])
    expect(operations.filter(({ scope }) => !Object.hasOwn(SCOPES, scope))).toEqual([])
  })
})
