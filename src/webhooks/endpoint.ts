/**
 * An endpoint: an address of the merchant's that events are sent to, and what may be asked of one.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'
import { isPlainText } from '../payments/plain-text.ts'
import type { AddressRules } from './address-rules.ts'
import { AddressRefused, EndpointInvalid } from './errors.ts'
import { isEventType, type TypeFilter } from './event-types.ts'
import type { KeptSecrets } from './secret.ts'

/** An endpoint. Its secrets print as `[redacted]`. */
export interface WebhookEndpoint {
  /** `whe_` and 26 letters and digits. */
  readonly id: string
  readonly url: string
  /** For people, up to {@link DESCRIPTION_CHARACTERS_MAX} characters; may be empty. */
  readonly description: string
  readonly types: TypeFilter
  /** Only to an enabled one anything is sent, and only for it new deliveries are made. */
  readonly status: 'enabled' | 'disabled'
  /**
   * Why it is disabled: `merchant` wanted it; `gone`: it answered 410; `failing`: it has not taken
   * anything for days. `null` while it is enabled.
   */
  readonly disabledReason: DisabledReason | null
  readonly secrets: KeptSecrets
  /** Attempts that failed in a row. */
  readonly failures: number
  /** When the failures in a row began; `null` where there are none. */
  readonly failingSince: Instant | null
  /** Nothing is sent for so many milliseconds, by the store's clock, from when this was read. */
  readonly pausedForMs: number
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

/** Why an endpoint is disabled. */
export type DisabledReason = 'merchant' | 'gone' | 'failing'

/** What is asked for in a new endpoint. */
export interface CreateEndpointOptions {
  /** `https://…`; in test mode also `http://…`. */
  readonly url: string
  /** Default `*`: all. */
  readonly types?: '*' | readonly string[]
  /** Default: empty. */
  readonly description?: string
}

/** What is to change in an endpoint. */
export type UpdateEndpointOptions = Partial<CreateEndpointOptions>

/** Endpoints of one application. */
export const ENDPOINTS_MAX = 100

/** UTF-16 units of an endpoint's URL. */
export const URL_CHARACTERS_MAX = 2_048

/** UTF-16 units of an endpoint's description. */
export const DESCRIPTION_CHARACTERS_MAX = 500

/** What an endpoint's URL is held against. */
export interface UrlRules {
  /** Live endpoints are https. */
  readonly livemode: boolean
  readonly addresses: AddressRules
}

/**
 * Checks the URL of an endpoint, and writes it as it will be called. A host's name is looked up
 * only when something is sent; an address is judged at once, in whichever way it is spelled.
 *
 * @throws {EndpointInvalid}
 */
export function toEndpointUrl(text: string, { livemode, addresses }: UrlRules): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:'
  if (url === undefined || !isHttp || url.href.length > URL_CHARACTERS_MAX) {
    throw invalidUrl(
      'url_malformed',
      `Give an absolute URL of up to ${URL_CHARACTERS_MAX} characters, https://….`,
    )
  }
  if (livemode && url.protocol !== 'https:') {
    throw invalidUrl(
      'url_not_https',
      'A live endpoint begins with https://: payments are nobody else’s business.',
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw invalidUrl(
      'url_has_credentials',
      'A URL with a password would be shown in lists. Verify the signature instead.',
    )
  }
  url.hash = ''
  try {
    addresses.checkLiteral(url.hostname)
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error
    throw invalidUrl('address_refused', error.message)
  }
  return url.href
}

/**
 * Checks a filter of events, and drops repeats.
 *
 * @throws {EndpointInvalid}
 */
export function toTypeFilter(types: '*' | readonly string[]): TypeFilter {
  if (types === '*') return '*'
  const unknown = types.filter((type) => !isEventType(type))
  if (unknown.length > 0) {
    const names = unknown.slice(0, 3).map((type) => JSON.stringify(type).slice(0, 60))
    throw new EndpointInvalid(
      'types_unknown',
      'types',
      `There are no events ${names.join(', ')}. The list of kinds is in docs/concepts/webhooks.md.`,
    )
  }
  if (types.length === 0) {
    throw new EndpointInvalid(
      'types_empty',
      'types',
      'Name at least one kind of events, or "*" for all; to get none, disable the endpoint.',
    )
  }
  return [...new Set(types.filter(isEventType))]
}

/**
 * Checks a description.
 *
 * @throws {EndpointInvalid}
 */
export function toDescription(text: string): string {
  if (!isPlainText(text, 0, DESCRIPTION_CHARACTERS_MAX)) {
    throw new EndpointInvalid(
      'description_malformed',
      'description',
      `A description is one line of up to ${DESCRIPTION_CHARACTERS_MAX} characters.`,
    )
  }
  return text
}

function invalidUrl(problem: EndpointInvalid['problem'], message: string): EndpointInvalid {
  return new EndpointInvalid(problem, 'url', message)
}
