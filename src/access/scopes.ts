/**
 * What may be done: by an API key, whose scopes are its own, and by a user, whose scopes are those
 * of his role. A secret key (`sk_…`) and an owner may do everything in their application. What
 * reaches the other applications of a server is never meant by that: `operator` alone is.
 *
 * @module
 */

/** All scopes, with what they are for. */
export const SCOPES = {
  'payments:read': 'see payments, their timelines, the attention list and figures',
  'payments:create': 'create and cancel payments',
  'payments:sync': 'ask Alipay about a payment now',
  'payments:write': 'create, cancel, sync and resolve payments',
  'refunds:read': 'see refunds',
  'refunds:create': 'create refunds',
  'refunds:write': 'create, retry and cancel refunds',
  'refunds:approve': 'approve or decline refunds that somebody else asked for',
  'events:read': 'see and follow events',
  'webhooks:read': 'see webhook endpoints and deliveries',
  'webhooks:write': 'change webhook endpoints, rotate secrets, send again',
  'reconciliations:read': 'see bills and differences',
  'reconciliations:write': 'run reconciliations, resolve differences',
  'exports:create': 'export payments, refunds, events and the books as files',
  'metrics:read': 'read metrics and the last requests',
  'audit:read': 'see who changed what',
  'settings:read': 'see the settings',
  'settings:write': 'change the settings',
  'credentials:read': 'see the application’s Alipay keys, nothing secret of them',
  'credentials:write': 'change the application’s Alipay keys',
  'api_keys:read': 'see API keys, nothing secret of them',
  'api_keys:write': 'make, rename and end API keys',
  'users:read': 'see users',
  'users:write': 'invite, change, reset and remove users who may do no more',
  admin: 'all of audit, settings, credentials, api_keys and users',
  'apps:read': 'see what the application is, and how it stands',
  operator: 'add, change and retire applications, and do everything in each of them',
} as const

/** What may be done in an application. */
export type Scope = keyof typeof SCOPES

/** `*`: all scopes, also those that are yet to come. */
export type Scopes = '*' | readonly Scope[]

/** All that may be done in one application. */
export const APP_SCOPES: readonly Scope[] = (Object.keys(SCOPES) as Scope[]).filter(
  (scope) => scope !== 'operator',
)

/** Whether these scopes reach every application of the server. */
export function isOperator(scopes: Scopes): boolean {
  return scopes !== '*' && scopes.includes('operator')
}

/** Whether these scopes allow all that may be done in an application. */
export function isAll(scopes: Scopes): boolean {
  return scopes === '*' || isOperator(scopes)
}

/** What `admin` stands for. */
const ADMIN_AREAS: ReadonlySet<string> = new Set([
  'audit',
  'settings',
  'credentials',
  'api_keys',
  'users',
])

/**
 * Whether these scopes allow what needs `scope`. Who may `write` may do all in that area but
 * approve: that is for somebody else to do.
 */
export function allows(scopes: Scopes, scope: Scope): boolean {
  if (isOperator(scopes)) return true
  if (scope === 'operator') return false
  if (scopes === '*' || scopes.includes(scope)) return true
  const [area = ''] = scope.split(':')
  if (ADMIN_AREAS.has(area) && scopes.includes('admin')) return true
  return scope !== 'refunds:approve' && scopes.includes(`${area}:write` as Scope)
}

/**
 * Whether who has `own` may hand `given` on: nobody gives away more than he has. `admin` has always
 * handed on all but `*`, and an operator alone makes another one.
 */
export function mayGive(own: Scopes, given: Scopes): boolean {
  if (isOperator(own)) return true
  if (isOperator(given)) return false
  if (own === '*') return true
  if (given === '*') return false
  return own.includes('admin') || given.every((scope) => allows(own, scope))
}
