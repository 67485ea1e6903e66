/**
 * Who may ask, and for what: applications and their credentials, API keys and their scopes, named
 * requests, and the record of changes.
 *
 * @module
 */

export * from './access.ts'
export type * from './access-store.ts'
export type { ApiKey } from './api-key.ts'
export type { App, AppChange } from './app.ts'
export { appIdOf } from './app-id.ts'
export { networkOf } from './attempts.ts'
export type { AuditEntry, AuditRange } from './audit.ts'
export * from './audit-actions.ts'
export type * from './credential.ts'
export * from './desk.ts'
export {
  createCredentials,
  CREDENTIALS_LOOK_MS,
  type CredentialKeys,
  type CredentialResult,
  type Credentials,
  type CredentialsOptions,
  type StageOptions,
} from './credentials.ts'
export { createKeylessClient } from './keyless-client.ts'
export { createCurrentClient, type CurrentClient } from './current-client.ts'
export { PASSWORD_LOG_N, PASSWORD_MAX, PASSWORD_MIN } from './password.ts'
export { covers, meets, reaches, type Reach } from './reach.ts'
export { ROLE_NAMES, ROLES, scopesOf, type Role } from './roles.ts'
export { allows, isAll, isOperator, mayGive, SCOPES, type Scope, type Scopes } from './scopes.ts'
export type { Session, SignedIn } from './session.ts'
export type * from './user.ts'
export type * from './user-store.ts'
export * from './users.ts'
export { MASTER_KEY_BYTES, MasterKey, MasterKeyInvalid } from './master-key.ts'
