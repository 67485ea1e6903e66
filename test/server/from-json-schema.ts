/**
 * Values that a JSON schema of the OpenAPI document allows, and values that it does not.
 *
 * @module
 */
import fc, { type Arbitrary } from 'fast-check'

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

/** Mostly what the schema allows; strings come from `names` too, so that something is found. */
export function fromSchema(schema: JsonSchema, names: Arbitrary<string>): Arbitrary<unknown> {
  return fc.oneof(
    { weight: 12, arbitrary: allowed(schema, names) },
    { weight: 1, arbitrary: fc.jsonValue() },
  )
}

function allowed(schema: JsonSchema, names: Arbitrary<string>): Arbitrary<unknown> {
  const either = schema.anyOf ?? schema.oneOf
  if (either !== undefined) return fc.oneof(...either.map((one) => allowed(one, names)))
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  switch (schema.type) {
    case 'integer':
    case 'number':
      return fc.oneof(
        fc.integer({ min: 1, max: 20_000 }),
        fc.integer({
          min: Math.max(schema.minimum ?? 0, Number.MIN_SAFE_INTEGER),
          max: Math.min(schema.maximum ?? 1_000, Number.MAX_SAFE_INTEGER),
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

function objectFrom(schema: JsonSchema, names: Arbitrary<string>): Arbitrary<unknown> {
  const { properties, required = [], additionalProperties } = schema
  if (properties === undefined) {
    const values = typeof additionalProperties === 'object' ? additionalProperties : {}
    return fc.dictionary(fc.string({ maxLength: 10 }), fromSchema(values, names), { maxKeys: 4 })
  }
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, field]) => [name, fromSchema(field, names)]),
  )
  const whole = fc.record(fields, { requiredKeys: [...required] })
  return fc.oneof(
    { weight: 10, arbitrary: whole },
    { weight: 1, arbitrary: fc.record(fields, { requiredKeys: [] }) },
    { weight: 1, arbitrary: whole.map((value) => ({ ...value, unknown_field: 1 })) },
  )
}

function textFrom(schema: JsonSchema, names: Arbitrary<string>): Arbitrary<unknown> {
  if (schema.format === 'date-time') {
    const years = { min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }
    return fc.date(years).map((date) => date.toISOString())
  }
  const { minLength = 0, maxLength = 40 } = schema
  const max = Math.min(maxLength, 40)
  return fc.oneof(
    names,
    fc.string({ unit: 'grapheme', minLength: Math.min(minLength, max), maxLength: max }),
    fc.stringMatching(/^[A-Za-z0-9_]{1,24}$/),
    fc.constantFrom('http://127.0.0.1:9/hook', 'https://shop.example/hook', '28'.repeat(9)),
    fc.string({ minLength: maxLength, maxLength: Math.min(maxLength + 1, 600) }),
  )
}
