/**
 * What people are to the shop, and what each of them may therefore do.
 *
 * @module
 */

import { APP_SCOPES, type Scope, type Scopes } from './scopes.ts'

/** The roles, and what they may do. */
export const ROLES = {
  /** 所有者: everything, also who else is an owner. */
  owner: '*',
  /** 管理员: everything but owners. */
  admin: APP_SCOPES,
  /** 财务: money out, approvals, books. */
  finance: [
    'payments:read',
    'payments:write',
    'refunds:read',
    'refunds:write',
    'refunds:approve',
    'events:read',
    'reconciliations:read',
    'reconciliations:write',
    'exports:create',
    'settings:read',
    'audit:read',
  ],
  /**
   * 收银员: takes payments, and asks for refunds. Events tell of payments and refunds alone, which he
   * may read anyway.
   */
  cashier: [
    'payments:read',
    'payments:create',
    'payments:sync',
    'refunds:read',
    'refunds:create',
    'events:read',
  ],
  /** 客服: looks, and asks Alipay. */
  support: ['payments:read', 'payments:sync', 'refunds:read', 'events:read'],
  /** 开发者: sees everything, and connects programs. */
  developer: [
    'payments:read',
    'refunds:read',
    'events:read',
    'reconciliations:read',
    'metrics:read',
    'audit:read',
    'settings:read',
    'users:read',
    'apps:read',
    'webhooks:read',
    'webhooks:write',
    'api_keys:read',
    'api_keys:write',
    'credentials:read',
    'credentials:write',
  ],
} as const satisfies Readonly<Record<string, Scopes>>

/** What somebody is to the shop. */
export type Role = keyof typeof ROLES

/** All of them, from the one that may do most. */
export const ROLE_NAMES = Object.keys(ROLES) as readonly Role[]

/** What a role may do, each scope by its name. */
export function scopesOf(role: Role): readonly Scope[] {
  const scopes: Scopes = ROLES[role]
  return scopes === '*' ? APP_SCOPES : scopes
}
