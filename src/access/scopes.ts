/**
 * What an API key may do. A secret key (`sk_…`) may do everything in its application; a restricted
 * one (`rk_…`) what its scopes say.
 *
 * @module
 */

/** All scopes, with what they are for. */
export const SCOPES = {
  'payments:read': 'see payments, their timelines and the attention list',
  'payments:write': 'create, cancel, sync and resolve payments',
  'refunds:read': 'see refunds',
  'refunds:write': 'create, retry and cancel refunds',
  'events:read': 'see and follow events',
  'webhooks:read': 'see webhook endpoints and deliveries',
  'webhooks:write': 'change webhook endpoints, rotate secrets, send again',
  'reconciliations:read': 'see bills and differences',
  'reconciliations:write': 'run reconciliations, resolve differences',
  'metrics:read': 'read metrics and the last requests',
  admin: 'see and change applications, their credentials, API keys, and the audit log',
} as const

/** What a key may do in its application. */
export type Scope = keyof typeof SCOPES

/** Of a secret key: all scopes, also those that are yet to come. */
export type Scopes = '*' | readonly Scope[]

/** Whether a key with these scopes may do what needs `scope`. Who may change may also see. */
export function allows(scopes: Scopes, scope: Scope): boolean {
  if (scopes === '*' || scopes.includes(scope)) return true
  return scope.endsWith(':read') && scopes.includes(scope.replace(/read$/, 'write') as Scope)
}
