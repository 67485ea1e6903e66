/**
 * What the back office keeps: its users, their sessions, how often somebody tried to sign in,
 * settings, refunds that wait for approval, and saved filters. What the columns mean stands in
 * `schema.ts`.
 *
 * @module
 */

import type { DatabaseKind } from './database.ts'

/** The statements that make it. */
export function usersSchema(kind: DatabaseKind): readonly string[] {
  const key = kind === 'sqlite' ? 'text' : 'text collate "C"'
  return [
    `create table users (
      id ${key} primary key,
      app_id ${key} not null,
      email ${key} not null,
      name text not null,
      role text not null,
      status text not null,
      locale text,
      password_hash text,
      totp_secret text,
      totp_enabled integer not null,
      totp_step bigint not null,
      invitation_hash ${key},
      invitation_expires_at bigint,
      created_at bigint not null,
      last_sign_in_at bigint
    )`,
    'create unique index users_email on users (app_id, email)',
    `create unique index users_invitation on users (invitation_hash)
      where invitation_hash is not null`,

    `create table sessions (
      hash ${key} primary key,
      user_id ${key} not null,
      created_at bigint not null,
      last_seen_at bigint not null
    )`,
    'create index sessions_by_user on sessions (user_id)',

    `create table sign_in_attempts (
      key ${key} primary key,
      count integer not null,
      since bigint not null
    )`,
    'create index sign_in_attempts_by_age on sign_in_attempts (since)',

    `create table settings (
      app_id ${key} primary key,
      refund_approval_above bigint
    )`,

    `create table refund_requests (
      id ${key} primary key,
      app_id ${key} not null,
      payment_id ${key} not null,
      amount bigint not null,
      reference text,
      reason text,
      metadata text not null,
      status text not null,
      requested_by ${key} not null,
      requested_by_name text not null,
      requested_at bigint not null,
      decided_by ${key},
      decided_by_name text,
      decided_at bigint,
      refund_id ${key},
      failure text
    )`,
    'create index refund_requests_by_time on refund_requests (app_id, requested_at, id)',
    `create index refund_requests_pending on refund_requests (app_id, requested_at, id)
      where status = 'pending'`,

    `create table saved_filters (
      id ${key} primary key,
      app_id ${key} not null,
      user_id ${key} not null,
      name text not null,
      list text not null,
      query text not null,
      created_at bigint not null
    )`,
    'create index saved_filters_by_user on saved_filters (app_id, user_id, created_at, id)',

    'alter table audit_entries add column actor_name text',
  ]
}
