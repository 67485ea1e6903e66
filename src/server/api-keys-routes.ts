/**
 * `/v1/api_keys` and `/v1/audit_entries`: who may ask, and who changed what.
 *
 * @module
 */
import { mayGive, type ApiKey, type AuditEntry } from '../access/index.ts'
import { formatRfc3339, type Instant } from '../alipay/index.ts'
import { createApiKeyFields, listAuditEntriesFields, updateApiKeyFields } from './fields.ts'
import { ok, operation, page, type Answer, type AnyOperation } from './operation.ts'
import { conflict, notFound, type Problem } from './problem.ts'
import { apiKey, apiKeyWithText, auditEntry, list } from './schemas.ts'

const NOT_FOUND = { api_key_not_found: { status: 404, description: 'No such key.' } } as const

const createKey = operation({
  method: 'POST',
  path: '/v1/api_keys',
  id: 'createApiKey',
  summary: 'Make an API key',
  description: 'The key is told this once; only its hash is kept.',
  scope: 'api_keys:write',
  audit: 'api_key.create',
  tellsSecret: true,
  body: createApiKeyFields,
  answers: { 201: { description: 'Made.', schema: apiKeyWithText } },
  problems: {
    scopes_exceeded: { status: 403, description: 'Nobody gives a key more than he may do.' },
  },
  async handle({ app, body, actor }) {
    const { name, scopes, expires_at: expiresAt = null } = body
    if (!mayGive(actor.scopes, scopes)) return SCOPES_EXCEEDED
    const options = { appId: app.id, mode: app.mode, name, scopes, expiresAt }
    const made = await app.access.createKey(options)
    return { status: 201, body: { ...keyJson(made.apiKey), key: made.key } }
  },
})

const listKeys = operation({
  method: 'GET',
  path: '/v1/api_keys',
  id: 'listApiKeys',
  summary: 'List API keys, newest first',
  scope: 'api_keys:read',
  answers: { 200: { description: 'All of them, also revoked ones.', schema: list(apiKey) } },
  async handle({ app }) {
    const data = (await app.access.listKeys(app.id)).map(keyJson)
    return ok({ object: 'list', data, has_more: false })
  },
})

const updateKey = operation({
  method: 'PATCH',
  path: '/v1/api_keys/{id}',
  id: 'updateApiKey',
  summary: 'Rename an API key, or change when it ends',
  scope: 'api_keys:write',
  audit: 'api_key.update',
  body: updateApiKeyFields,
  answers: { 200: { description: 'As it is now.', schema: apiKey } },
  problems: {
    ...NOT_FOUND,
    api_key_in_use: { status: 409, description: 'A key cannot end itself: use another one.' },
    scopes_exceeded: { status: 403, description: 'When a key ends decides who may do as much.' },
  },
  async handle({ app, params, body, actor }) {
    const { name, expires_at: expiresAt } = body
    if (expiresAt !== undefined && params['id'] === actor.id) return inUse()
    const known = (await app.access.listKeys(app.id)).find(({ id }) => id === params['id'])
    // One that has ended would be given anew.
    if (known && expiresAt !== undefined && !mayGive(actor.scopes, known.scopes)) {
      return SCOPES_EXCEEDED
    }
    const change = {
      ...(name !== undefined && { name }),
      ...(expiresAt !== undefined && { expiresAt }),
    }
    return found(await app.access.updateKey(app.id, params['id'] ?? '', change))
  },
})

const revokeKey = operation({
  method: 'POST',
  path: '/v1/api_keys/{id}/revoke',
  id: 'revokeApiKey',
  summary: 'End an API key',
  description: 'Within 5 seconds no node takes it any more.',
  scope: 'api_keys:write',
  audit: 'api_key.revoke',
  answers: { 200: { description: 'Revoked.', schema: apiKey } },
  problems: {
    ...NOT_FOUND,
    api_key_in_use: { status: 409, description: 'A key cannot end itself: use another one.' },
  },
  async handle({ app, params, actor }) {
    const id = params['id'] ?? ''
    if (id === actor.id) return inUse()
    return found(await app.access.revokeKey(app.id, id))
  },
})

const listAuditEntries = operation({
  method: 'GET',
  path: '/v1/audit_entries',
  id: 'listAuditEntries',
  summary: 'List who changed what, newest first',
  scope: 'audit:read',
  query: listAuditEntriesFields,
  answers: { 200: { description: 'A page.', schema: list(auditEntry) } },
  async handle({ app, query }) {
    const { limit, starting_after: before, actor, action } = query
    const range = { limit: limit + 1, before, actor, action }
    const entries = await app.access.listAuditEntries(app.id, range)
    return page(entries, limit, auditJson)
  },
})

/** The operations of API keys and of the audit log. */
export const apiKeyOperations: readonly AnyOperation[] = [
  createKey,
  listKeys,
  updateKey,
  revokeKey,
  listAuditEntries,
]

function found(key: ApiKey | undefined): Answer | Problem {
  if (key) return ok(keyJson(key))
  return notFound('api_key_not_found', 'There is no API key with this id.', 'id')
}

const SCOPES_EXCEEDED: Problem = {
  status: 403,
  type: 'permission_error',
  code: 'scopes_exceeded',
  message: 'A key may do no more than you may. Choose fewer scopes, or ask an owner.',
  param: 'scopes',
}

function inUse(): Problem {
  return conflict(
    'api_key_in_use',
    'This is the key that you are using. Make another one, and end this one with that.',
  )
}

function keyJson(key: ApiKey) {
  return {
    id: key.id,
    object: 'api_key',
    name: key.name,
    hint: key.hint,
    scopes: key.scopes,
    created_at: formatRfc3339(key.createdAt),
    last_used_at: time(key.lastUsedAt),
    expires_at: time(key.expiresAt),
    revoked_at: time(key.revokedAt),
  }
}

/** An entry of the audit log, as the API writes it. */
export function auditJson(entry: AuditEntry) {
  return {
    id: entry.id,
    object: 'audit_entry',
    at: formatRfc3339(entry.at),
    actor: entry.actor,
    actor_name: entry.actorName,
    action: entry.action,
    object_id: entry.objectId,
    detail: entry.detail,
    request_id: entry.requestId,
    address: entry.address,
  }
}

function time(instant: Instant | null): string | null {
  return instant === null ? null : formatRfc3339(instant)
}
