/**
 * Values that a JSON schema of the OpenAPI document allows, and values that it does not.
 *
 * @module
 */
import * as fc from 'fast-check'
import type { Arbitrary } from 'fast-check'

/** As much of JSON Schema as the document uses. */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  readonly format?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: JsonSchema
  readonly maxItems?: number
  readonly minItems?: number
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: JsonSchema | boolean
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
}

/** What a field of this name may mean; without a name, anything. */
export type Names = (field?: string) => Arbitrary<string>

/** Mostly what the schema allows; strings come from `names` too, so that something is found. */
export function fromSchema(schema: JsonSchema, names: Names): Arbitrary<unknown> {
  const right = allowed(schema, names)
  return fc.oneof(
    { weight: 12, arbitrary: right },
    { weight: 1, arbitrary: fc.jsonValue() },
    { weight: 2, arbitrary: right.chain((value) => spoiled(value)) },
  )
}

/** Without one of its fields, with one too many, or with one that is something else. */
function spoiled(value: unknown): Arbitrary<unknown> {
  if (typeof value !== 'object' || value === null) return fc.jsonValue()
  const names = Object.keys(value)
  const without = (name: string): object =>
    Object.fromEntries(Object.entries(value).filter(([other]) => other !== name))
  const change = fc.tuple(fc.constantFrom('unknown_field', ...names), fc.jsonValue())
  return fc.oneof(
    change.map(([name, other]) => ({ ...value, [name]: other })),
    fc.constantFrom('unknown_field', ...names).map(without),
  )
}

function allowed(schema: JsonSchema, names: Names): Arbitrary<unknown> {
  const either = schema.anyOf ?? schema.oneOf
  if (either !== undefined) return fc.oneof(...either.map((one) => allowed(one, names)))
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  switch (schema.type) {
    case 'integer':
    case 'number':
      return fc.oneof(
        fc.integer({ min: 1, max: 20_000 }),
        fc.maxSafeInteger().map((number) => {
          const { minimum: min = 0, maximum: max = 1_000 } = schema
          return min + (Math.abs(number) % (max - min + 1))
        }),
      )
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(allowed(schema.items ?? {}, names), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 4, 4),
      })
    case 'object':
      return objectFrom(schema, names)
    case 'string':
      return textFrom(schema, names)
    default:
      return fc.jsonValue()
  }
}

function objectFrom(schema: JsonSchema, names: Names): Arbitrary<unknown> {
  const { properties, required = [], additionalProperties } = schema
  if (properties === undefined) {
    const values = typeof additionalProperties === 'object' ? additionalProperties : {}
    return fc.dictionary(fc.string({ maxLength: 10 }), allowed(values, names), { maxKeys: 4 })
  }
  const optional = Object.keys(properties).filter((name) => !required.includes(name))
  // A few of them: many rule each other out.
  return fc
    .subarray(optional, { maxLength: Math.min(optional.length, 3) })
    .chain((chosen) =>
      fc.record(
        Object.fromEntries(
          [...required, ...chosen].map((name) => [
            name,
            allowed(properties[name] ?? {}, () => names(name)),
          ]),
        ),
      ),
    )
}

function textFrom(schema: JsonSchema, names: Names): Arbitrary<unknown> {
  if (schema.format === 'date-time') {
    const years = { min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }
    return fc.date(years).map((date) => date.toISOString())
  }
  const { minLength = 0, maxLength = 40 } = schema
  const max = Math.min(maxLength, 40)
  return fc.oneof(
    { weight: 4, arbitrary: names() },
    fc.string({ unit: 'grapheme', minLength: Math.min(minLength, max), maxLength: max }),
    fc.stringMatching(/^[A-Za-z0-9_]{1,24}$/),
    fc.constantFrom('http://127.0.0.1:9/hook', '28'.repeat(9)),
    fc.string({ minLength: Math.min(maxLength, 600), maxLength: Math.min(maxLength + 1, 601) }),
  )
}
