/**
 * `saoma/client`: saoma's HTTP API in types, for any runtime that has `fetch`. Money is whole fen,
 * fields are named as the API writes them.
 *
 * @module
 */

import {
  connection,
  type Connection,
  type RequestOptions,
  type SaomaOptions,
} from './connection.ts'
import { followEvents, type FollowOptions, type SaomaEvent } from './follow-events.ts'
import type {
  CreateEndpoint,
  CreatePayment,
  CreateRefund,
  Delivery,
  EndpointWithSecret,
  Expand,
  List,
  ListDeliveries,
  ListEvents,
  ListPayments,
  ListRefunds,
  Payment,
  Refund,
  TimelineEntry,
  UpdateEndpoint,
  WebhookEndpoint,
  WithObjects,
} from './objects.ts'

/** A merchant's way to a server. Prints without its key. */
export interface Saoma {
  readonly payments: {
    /** Takes a payment: makes a code to show. */
    create(payment: CreatePayment, options?: RequestOptions): Promise<Payment>
    get(id: string, query?: Expand<'refunds'>): Promise<Payment>
    /** A page, newest first. Iterate over it for all further pages, too. */
    list(query?: ListPayments & Expand<'refunds'>): Promise<Page<Payment>>
    /** Gives it up; `status` says whether it is over yet. */
    cancel(id: string, options?: RequestOptions): Promise<Payment>
    /** Asks Alipay now. */
    sync(id: string, options?: RequestOptions): Promise<Payment>
    /** Ends a review: the money is kept, or goes back. */
    resolve(id: string, action: 'accept' | 'refund', options?: RequestOptions): Promise<Payment>
    /** What was learned about it, oldest first. */
    timeline(id: string): Promise<readonly TimelineEntry[]>
  }
  readonly refunds: {
    /** Gives money back, in full or in part. */
    create(refund: CreateRefund, options?: RequestOptions): Promise<Refund>
    get<Names extends 'payment' = never>(
      id: string,
      query?: Expand<Names>,
    ): Promise<WithObjects<Refund, Names>>
    list<Names extends 'payment' = never>(
      query?: ListRefunds & Expand<Names>,
    ): Promise<Page<WithObjects<Refund, Names>>>
    retry(id: string, options?: RequestOptions): Promise<Refund>
    cancel(id: string, options?: RequestOptions): Promise<Refund>
  }
  readonly events: {
    get<Names extends 'payment' | 'refund' = never>(
      id: string,
      query?: Expand<Names>,
    ): Promise<WithObjects<SaomaEvent, Names>>
    list<Names extends 'payment' | 'refund' = never>(
      query?: ListEvents & Expand<Names>,
    ): Promise<Page<WithObjects<SaomaEvent, Names>>>
    /** Sends it again to every endpoint that wants it; how many that are. */
    resend(id: string, options?: RequestOptions): Promise<number>
    /**
     * Gives each event as it is committed, in order. A broken connection is made again where it
     * broke, so none is missed; it ends with `signal`, or when you stop reading.
     */
    follow(options?: FollowOptions): AsyncIterable<SaomaEvent>
  }
  readonly webhookEndpoints: {
    /** Makes an endpoint; its `secret` is told this once. */
    create(endpoint: CreateEndpoint, options?: RequestOptions): Promise<EndpointWithSecret>
    get(id: string): Promise<WebhookEndpoint>
    /** All, oldest first. */
    list(): Promise<Page<WebhookEndpoint>>
    update(id: string, change: UpdateEndpoint, options?: RequestOptions): Promise<WebhookEndpoint>
    delete(id: string): Promise<void>
    /** @param rotation `overlap`: seconds that the former secret holds on. */
    rotateSecret(
      id: string,
      rotation?: { readonly overlap?: number },
      options?: RequestOptions,
    ): Promise<EndpointWithSecret>
    /** Sends `webhook.test` now; whether it was taken. */
    test(id: string, options?: RequestOptions): Promise<boolean>
    deliveries(id: string, query?: ListDeliveries): Promise<Page<Delivery>>
    /** Sends all that was missed since a time (RFC 3339); how many that are. */
    recover(id: string, since: string, options?: RequestOptions): Promise<number>
  }
}

/** A page of a list; iterated over, it goes on to the next ones. */
export interface Page<Item> extends List<Item>, AsyncIterable<Item> {}

/**
 * Connects to a server. Nothing is sent before the first call.
 *
 * Every call rejects with `SaomaError`: the API's own, or `code` `unreachable` where no answer
 * came.
 *
 * @throws {TypeError} If the address or the key cannot be right.
 */
export function createSaoma(options: SaomaOptions): Saoma {
  const server = connection(options)
  const { call } = server
  const id = encodeURIComponent
  return {
    payments: {
      create: (body, more) => call('POST', '/payments', { body, ...more }),
      get: (payment, query) => call('GET', `/payments/${id(payment)}`, { query: { ...query } }),
      list: (query) => page(call, '/payments', query),
      cancel: (payment, more) => call('POST', `/payments/${id(payment)}/cancel`, { ...more }),
      sync: (payment, more) => call('POST', `/payments/${id(payment)}/sync`, { ...more }),
      resolve: (payment, action, more) =>
        call('POST', `/payments/${id(payment)}/resolve`, { body: { action }, ...more }),
      async timeline(payment) {
        const list = await call<List<TimelineEntry>>('GET', `/payments/${id(payment)}/timeline`)
        return list.data
      },
    },
    refunds: {
      create: (body, more) => call('POST', '/refunds', { body, ...more }),
      get: (refund, query) => call('GET', `/refunds/${id(refund)}`, { query: { ...query } }),
      list: (query) => page(call, '/refunds', query),
      retry: (refund, more) => call('POST', `/refunds/${id(refund)}/retry`, { ...more }),
      cancel: (refund, more) => call('POST', `/refunds/${id(refund)}/cancel`, { ...more }),
    },
    events: {
      get: (event, query) => call('GET', `/events/${id(event)}`, { query: { ...query } }),
      list: ({ types, ...rest } = {}) =>
        page(call, '/events', { ...rest, ...(types && { types: types.join(',') }) }),
      async resend(event, more) {
        const path = `/events/${id(event)}/resend`
        return (await call<{ count: number }>('POST', path, { ...more })).count
      },
      follow: (more) => followEvents(server, more),
    },
    webhookEndpoints: {
      create: (body, more) => call('POST', '/webhook_endpoints', { body, ...more }),
      get: (endpoint) => call('GET', `/webhook_endpoints/${id(endpoint)}`),
      list: () => page(call, '/webhook_endpoints'),
      update: (endpoint, body, more) =>
        call('PATCH', `/webhook_endpoints/${id(endpoint)}`, { body, ...more }),
      async delete(endpoint) {
        await call('DELETE', `/webhook_endpoints/${id(endpoint)}`)
      },
      rotateSecret: (endpoint, body = {}, more) =>
        call('POST', `/webhook_endpoints/${id(endpoint)}/rotate_secret`, { body, ...more }),
      async test(endpoint, more) {
        const path = `/webhook_endpoints/${id(endpoint)}/test`
        return (await call<{ delivered: boolean }>('POST', path, { ...more })).delivered
      },
      deliveries: (endpoint, query) =>
        page(call, `/webhook_endpoints/${id(endpoint)}/deliveries`, query),
      async recover(endpoint, since, more) {
        const path = `/webhook_endpoints/${id(endpoint)}/recover`
        return (await call<{ count: number }>('POST', path, { body: { since }, ...more })).count
      },
    },
  }
}

async function page<Item>(
  call: Connection['call'],
  path: string,
  query: object = {},
): Promise<Page<Item>> {
  const first = await call<List<Item>>('GET', path, { query })
  return {
    ...first,
    async *[Symbol.asyncIterator]() {
      let list = first
      for (;;) {
        yield* list.data
        const last = list.data.at(-1) as { readonly id: string } | undefined
        if (!list.has_more || last === undefined) return
        const next = { ...query, starting_after: last.id }
        list = await call<List<Item>>('GET', path, { query: next })
      }
    },
  }
}

export type { RequestOptions, SaomaOptions } from './connection.ts'
export { SaomaError, type ProblemType } from './error.ts'
export type { EventType, FollowOptions, Reconciliation, SaomaEvent } from './follow-events.ts'
export { fen, yuan } from './money.ts'
export type * from './objects.ts'
