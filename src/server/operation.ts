/**
 * An operation of the merchant API: its address, what it takes and answers, who may ask, and what
 * it does. Requests are checked against it, and the OpenAPI document is written from it.
 *
 * @module
 */
import type { z } from 'zod'
import type { AuditAction, Scope } from '../access/index.ts'
import type { Actor } from './authentication.ts'
import type { AppContext } from './options.ts'
import type { Problem } from './problem.ts'

/** An operation. */
export interface Operation<
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
> {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** With its parameters in braces: `/v1/payments/{id}`. */
  readonly path: string
  /** Its name for programs, e.g. `createPayment`. */
  readonly id: string
  /** What it does, in one line. */
  readonly summary: string
  /** More about it, in Markdown. */
  readonly description?: string
  /** What who asks must be allowed to do. */
  readonly scope: Scope
  /** What may stand behind `?`. Default: nothing. */
  readonly query?: Query
  /** The JSON body. Default: none, or `{}`. */
  readonly body?: Body
  /** What it answers where it did what was asked, by HTTP status. */
  readonly answers: Readonly<Record<number, AnswerDescription>>
  /** Codes of the problems that it can answer with, beside those that all operations can. */
  readonly problems?: Readonly<Record<string, ProblemDescription>>
  /** What the audit log calls it; left out where nothing changes that a person decides about. */
  readonly audit?: AuditAction
  /** Fields of the body that the audit log does not keep. Default: none. */
  readonly secrets?: readonly string[]
  /** Whether its answer tells what is told once: it is kept for repeats sealed. Default: not. */
  readonly tellsSecret?: true
  /** Does it. */
  handle(call: Call<z.output<Query>, z.output<Body>>): Promise<Answer | Stream | Problem>
  /** What is known when there is no more time to wait. Default: that it is not known. */
  late?(call: Call<z.output<Query>, z.output<Body>>): Promise<Answer | undefined>
}

/** An answer in the OpenAPI document. */
export interface AnswerDescription {
  readonly description: string
  /** `null` for no body; a media type for a stream. */
  readonly schema: z.ZodType | null
  readonly mediaType?: string | readonly string[]
}

/** A problem in the OpenAPI document. */
export interface ProblemDescription {
  readonly status: Problem['status']
  /** When it happens and what to do. */
  readonly description: string
}

/** A request that was found to be right. */
export interface Call<Query = unknown, Body = unknown> {
  readonly app: AppContext
  /** The parameters of the path. */
  readonly params: Readonly<Record<string, string>>
  readonly query: Query
  readonly body: Body
  readonly actor: Actor
  readonly requestId: string
  /** The network address of who asks, past trusted proxies; `null` where it is not known. */
  readonly address: string | null
  /** The request's own name, where it was given one. */
  readonly idempotencyKey: string | undefined
  /** A header of the request. */
  header(name: string): string | undefined
}

/** It was done, or is under way. */
export interface Answer {
  readonly status: 200 | 201 | 202 | 204
  /** `null` for 204. */
  readonly body: object | null
}

/** Server-Sent Events, or a file. */
export interface Stream {
  readonly stream: ReadableStream<Uint8Array>
  /** Default: that of Server-Sent Events. */
  readonly mediaType?: string
  /** What a browser calls the file; ASCII. */
  readonly fileName?: string
}

/** An operation whose types of query and body do not matter any more. */
export type AnyOperation = Operation

/** Lets the compiler find the types of an operation's query and body. */
export function operation<
  Query extends z.ZodType = z.ZodObject,
  Body extends z.ZodType = z.ZodObject,
>(definition: Operation<Query, Body>): AnyOperation {
  return definition
}

/** 200 with an object. */
export function ok(body: object): Answer {
  return { status: 200, body }
}

/** A page of a list, made of one object more than is shown. */
export function page<Item>(
  found: readonly Item[],
  limit: number,
  toJson: (item: Item) => object,
): Answer {
  const data = found.slice(0, limit).map((item) => toJson(item))
  return ok({ object: 'list', data, has_more: found.length > limit })
}
