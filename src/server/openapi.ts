/**
 * The OpenAPI document of the merchant API, written from the very operations that answer.
 *
 * @module
 * @see https://spec.openapis.org/oas/v3.1.0
 */
import { z } from 'zod'
import { SCOPES } from '../access/index.ts'
import type { AnyOperation } from './operation.ts'
import type { ProblemDescription } from './operation.ts'
import { problem } from './schemas.ts'

/** Problems that every operation can answer with. */
export const COMMON_PROBLEMS: Readonly<Record<string, ProblemDescription>> = {
  parameter_invalid: { status: 400, description: 'A field is wrong: `param` names it.' },
  parameter_missing: { status: 400, description: 'A field is missing: `param` names it.' },
  parameter_unknown: { status: 400, description: 'There is no such field. Is it misspelt?' },
  api_key_missing: { status: 401, description: 'No API key was sent.' },
  api_key_invalid: { status: 401, description: 'The API key is unknown, expired or revoked.' },
  not_signed_in: { status: 401, description: 'In the back office: the session has ended.' },
  request_forged: {
    status: 403,
    description: 'In the back office: no page of this server sent it.',
  },
  app_not_yours: {
    status: 403,
    description: '`Saoma-App` names another application, and you are no operator.',
  },
  app_not_found: { status: 404, description: '`Saoma-App` names no application.' },
  scope_missing: { status: 403, description: 'The API key, or the user, may not do this.' },
  too_many_requests: { status: 429, description: 'Wait as long as `Retry-After` says.' },
  internal_error: {
    status: 500,
    description: 'Something went wrong; ask for the object, or send the same request again.',
  },
  store_unavailable: {
    status: 503,
    description: 'The database cannot be reached. `outcome` says whether it may have been done.',
  },
  answer_pending: {
    status: 504,
    description: 'Not known in time. Ask for the object, or send the same request again.',
  },
}

/** Problems of operations that take a body. */
export const BODY_PROBLEMS: Readonly<Record<string, ProblemDescription>> = {
  json_invalid: { status: 400, description: 'The body is not a JSON object in UTF-8.' },
  body_too_large: { status: 413, description: 'The body has more than 64 KiB.' },
  content_type_unsupported: { status: 415, description: 'Send `Content-Type: application/json`.' },
  idempotency_key_invalid: { status: 400, description: '1 to 255 ASCII characters, no blanks.' },
  idempotency_key_reused: { status: 409, description: 'The key was used for another request.' },
  request_in_progress: {
    status: 409,
    description: 'A request with this key is being answered. Send it again in a moment.',
  },
}

/** All problems of an operation. */
export function problemsOf(one: AnyOperation): Readonly<Record<string, ProblemDescription>> {
  return { ...COMMON_PROBLEMS, ...(takesBody(one) && BODY_PROBLEMS), ...one.problems }
}

function takesBody({ method }: AnyOperation): boolean {
  return method !== 'GET'
}

/** An OpenAPI 3.1 document. */
export type OpenApiDocument = ReturnType<typeof openApi>

/**
 * Writes the document.
 *
 * @param baseUrl Where the API is; left out for a document that is kept in a file.
 */
export function openApi(operations: readonly AnyOperation[], baseUrl?: string) {
  const schemas: Record<string, unknown> = {}
  const toSchema = (schema: z.ZodType, io: 'input' | 'output'): unknown => {
    const {
      $schema: _,
      $defs,
      ...json
    } = z.toJSONSchema(schema, {
      io,
      unrepresentable: 'any',
      // Its format says it; the pattern beside it is half a kilobyte.
      override({ jsonSchema }) {
        if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
      },
    })
    Object.assign(schemas, inComponents($defs ?? {}))
    return inComponents(json)
  }
  const paths: Record<string, Record<string, unknown>> = {}
  for (const one of operations) {
    const item = (paths[one.path] ??= {})
    item[one.method.toLowerCase()] = {
      operationId: one.id,
      summary: one.summary,
      ...(one.description !== undefined && { description: one.description }),
      tags: [tagOf(one.path)],
      security: [{ apiKey: [] }, { apiKey: [], app: [] }, { session: [], csrf: [] }],
      'x-scope': one.scope,
      parameters: parametersOf(one, toSchema),
      ...(one.body !== undefined && {
        requestBody: {
          required: true,
          content: { 'application/json': { schema: toSchema(one.body, 'input') } },
        },
      }),
      responses: responsesOf(one, toSchema),
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'saoma',
      version: 'v1',
      description:
        'Alipay QR and barcode payments. Money is whole fen, times are RFC 3339. Each answer has a `Request-Id`; each problem says in `outcome` what may be concluded about the money.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    ...(baseUrl !== undefined && { servers: [{ url: baseUrl }] }),
    paths,
    components: {
      securitySchemes: {
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description: `An API key: \`sk_…\` may do everything, \`rk_…\` what its scopes say. Scopes: ${Object.entries(
            SCOPES,
          )
            .map(([scope, what]) => `\`${scope}\` (${what})`)
            .join(', ')}.`,
        },
        app: {
          type: 'apiKey',
          in: 'header',
          name: 'Saoma-App',
          description:
            'Beside the key of an operator: the id of the application that he means. Default: that of the key.',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-saoma_session',
          description: 'The session of who has signed in to the back office.',
        },
        csrf: {
          type: 'apiKey',
          in: 'header',
          name: 'X-CSRF-Token',
          description: 'Beside the session, where something changes.',
        },
      },
      responses: commonResponses(toSchema),
      schemas: Object.fromEntries(Object.entries(schemas).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    },
  }
}

/** The part of the API that an address belongs to: `/v1/payments/{id}` is of `payments`. */
export function tagOf(path: string): string {
  return path.split('/')[2] ?? ''
}

type ToSchema = (schema: z.ZodType, io: 'input' | 'output') => unknown

function parametersOf(one: AnyOperation, toSchema: ToSchema): unknown[] {
  const inPath = [...one.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const query = one.query === undefined ? {} : (toSchema(one.query, 'input') as JsonObject)
  const required = (query.required ?? []) as readonly string[]
  const inQuery = Object.entries(query.properties ?? {}).map(([name, schema]) => {
    const { description, ...rest } = schema as Record<string, unknown>
    return {
      name,
      in: 'query',
      required: required.includes(name),
      ...(description !== undefined && { description }),
      schema: rest,
    }
  })
  const inHeader =
    one.method === 'POST' || one.method === 'PATCH'
      ? [
          {
            name: 'Idempotency-Key',
            in: 'header',
            required: false,
            description:
              'Names the request: a repeat gets the same answer. Kept for 24 hours at least.',
            schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
          },
        ]
      : []
  return [...inPath, ...inQuery, ...inHeader]
}

interface JsonObject {
  readonly properties?: Readonly<Record<string, unknown>>
  readonly required?: unknown
}

function responsesOf(one: AnyOperation, toSchema: ToSchema): Record<string, unknown> {
  const responses: Record<string, unknown> = {}
  for (const [status, { description, schema, mediaType }] of Object.entries(one.answers)) {
    const content = schema
      ? { 'application/json': { schema: toSchema(schema, 'output') } }
      : mediaType &&
        Object.fromEntries([mediaType].flat().map((type) => [type, { schema: { type: 'string' } }]))
    responses[status] = { description, headers: HEADERS, ...(content && { content }) }
  }
  const problems = problemsOf(one)
  for (const status of statusesOf(problems)) {
    const isCommon = Object.values(one.problems ?? {}).every((own) => own.status !== status)
    const kind = takesBody(one) ? 'WithBody' : ''
    responses[status] = isCommon
      ? { $ref: `#/components/responses/Problem${status}${kind}` }
      : problemResponse(problems, status, toSchema)
  }
  return responses
}

/** What most operations share. */
function commonResponses(toSchema: ToSchema): Record<string, unknown> {
  const entries = [
    ['', COMMON_PROBLEMS],
    ['WithBody', { ...COMMON_PROBLEMS, ...BODY_PROBLEMS }],
  ] as const
  return Object.fromEntries(
    entries.flatMap(([kind, problems]) =>
      statusesOf(problems).map((status) => [
        `Problem${status}${kind}`,
        problemResponse(problems, status, toSchema),
      ]),
    ),
  )
}

function statusesOf(problems: Readonly<Record<string, ProblemDescription>>): readonly number[] {
  return [...new Set(Object.values(problems).map(({ status }) => status))]
}

function problemResponse(
  problems: Readonly<Record<string, ProblemDescription>>,
  status: number,
  toSchema: ToSchema,
) {
  return {
    description: Object.entries(problems)
      .filter(([, { status: its }]) => its === status)
      .map(([code, { description }]) => `\`${code}\`: ${description}`)
      .join('\n\n'),
    headers: HEADERS,
    content: { 'application/json': { schema: toSchema(problem, 'output') } },
  }
}

const HEADERS = {
  'Request-Id': {
    description: 'Names this request in logs; give it to support.',
    schema: { type: 'string' },
  },
}

/** Zod keeps definitions beside a schema, OpenAPI in one place. */
function inComponents(schema: object): object {
  const text = JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')
  return JSON.parse(text) as object
}
