/**
 * `/v1/users`: who may sign in to the back office.
 *
 * @module
 */
import { z } from 'zod'
import {
  isAll,
  mayGive,
  ROLE_NAMES,
  scopesOf,
  type Invited,
  type Role,
  type User,
} from '../access/index.ts'
import { formatRfc3339 } from '../alipay/index.ts'
import { email, personName } from './console/fields.ts'
import type { Actor } from './authentication.ts'
import { ok, operation, type Answer, type AnyOperation, type Call } from './operation.ts'
import type { AppContext } from './options.ts'
import { conflict, notFound, type Problem } from './problem.ts'
import { deleted, list, user, userWithInvitation } from './schemas.ts'

const role = z.enum(ROLE_NAMES as [Role, ...Role[]], `role is one of ${ROLE_NAMES.join(', ')}`)

const PROBLEMS = {
  user_not_found: { status: 404, description: 'No such user.' },
  owner_required: { status: 403, description: 'Owners are managed by owners alone.' },
  scopes_exceeded: {
    status: 403,
    description: 'Nobody manages who may do more than he may, or gives a role that does.',
  },
  user_is_you: {
    status: 409,
    description: 'Nobody takes away his own access: somebody else has to.',
  },
  last_owner: { status: 409, description: 'Nobody would be left who may do everything.' },
} as const

const listUsers = operation({
  method: 'GET',
  path: '/v1/users',
  id: 'listUsers',
  summary: 'List who may sign in to the back office',
  scope: 'users:read',
  answers: { 200: { description: 'All of them, oldest first.', schema: list(user) } },
  async handle({ app }) {
    const data = ((await app.users?.list(app.id)) ?? []).map(userJson)
    return ok({ object: 'list', data, has_more: false })
  },
})

const getUser = operation({
  method: 'GET',
  path: '/v1/users/{id}',
  id: 'getUser',
  summary: 'Get a user',
  scope: 'users:read',
  answers: { 200: { description: 'The user.', schema: user } },
  problems: { user_not_found: PROBLEMS.user_not_found },
  async handle({ app, params }) {
    const found = await app.users?.find(app.id, params['id'] ?? '')
    return found ? ok(userJson(found)) : NOT_FOUND
  },
})

const createUser = operation({
  method: 'POST',
  path: '/v1/users',
  id: 'createUser',
  summary: 'Let somebody in',
  description:
    'He chooses his password by the link `invitation`, which is told this once and holds for 3 days.',
  scope: 'users:write',
  audit: 'user.create',
  tellsSecret: true,
  body: z.strictObject({ email, name: personName, role }),
  answers: { 201: { description: 'Invited.', schema: userWithInvitation } },
  problems: {
    owner_required: PROBLEMS.owner_required,
    scopes_exceeded: PROBLEMS.scopes_exceeded,
    user_exists: { status: 409, description: 'There is a user with this address.' },
    console_closed: { status: 409, description: 'This server has no back office.' },
  },
  async handle({ app, body, actor }) {
    if (app.users === undefined) {
      return conflict(
        'console_closed',
        'This server has no back office: it was made without users.',
      )
    }
    const refused = beyond(actor, body.role)
    if (refused) return refused
    const result = await app.users.invite({ ...body, appId: app.id })
    if (result.status === 'exists') {
      return conflict('user_exists', 'There is a user with this e-mail address.', {
        param: 'email',
      })
    }
    return invited(app, result, 201)
  },
})

const updateUser = operation({
  method: 'PATCH',
  path: '/v1/users/{id}',
  id: 'updateUser',
  summary: 'Change a user',
  description: 'One who is disabled is out at once; a new role counts from his next request on.',
  scope: 'users:write',
  audit: 'user.update',
  body: z.strictObject({
    name: personName.optional(),
    role: role.optional(),
    disabled: z.boolean('disabled is true or false').optional(),
  }),
  answers: { 200: { description: 'As it is now.', schema: user } },
  problems: PROBLEMS,
  handle: (call) =>
    withUser(call, async (found) => {
      const { app, actor, body } = call
      const { name, role: next, disabled } = body
      const refused = next && beyond(actor, next)
      if (refused) return refused
      const takesAway = disabled === true || (next !== undefined && next !== found.role)
      if (takesAway && found.id === actor.id) return IS_YOU
      const changed = await app.users?.update(app.id, found.id, {
        ...(name !== undefined && { name }),
        ...(next !== undefined && { role: next }),
        ...(disabled !== undefined && { isDisabled: disabled }),
      })
      if (changed === 'last_owner') return LAST_OWNER
      return changed ? ok(userJson(changed)) : NOT_FOUND
    }),
})

const resetUser = operation({
  method: 'POST',
  path: '/v1/users/{id}/reset',
  id: 'resetUser',
  summary: 'Let a user in again who has lost his password or his authenticator',
  description:
    'Both are taken away with his sessions, and he chooses a password by the link `invitation`.',
  scope: 'users:write',
  audit: 'user.reset',
  tellsSecret: true,
  answers: { 200: { description: 'Invited again.', schema: userWithInvitation } },
  problems: {
    user_not_found: PROBLEMS.user_not_found,
    owner_required: PROBLEMS.owner_required,
    scopes_exceeded: PROBLEMS.scopes_exceeded,
  },
  handle: (call) =>
    withUser(call, async ({ id }) => {
      const result = await call.app.users?.reset(call.app.id, id)
      return result ? invited(call.app, result, 200) : NOT_FOUND
    }),
})

const deleteUser = operation({
  method: 'DELETE',
  path: '/v1/users/{id}',
  id: 'deleteUser',
  summary: 'Remove a user',
  description: 'He is out at once. The audit log goes on naming him.',
  scope: 'users:write',
  audit: 'user.delete',
  answers: { 200: { description: 'Removed.', schema: deleted } },
  problems: PROBLEMS,
  handle: (call) =>
    withUser(call, async ({ id }) => {
      const { app, actor } = call
      if (id === actor.id) return IS_YOU
      const result = await app.users?.remove(app.id, id)
      if (result === 'last_owner') return LAST_OWNER
      return result ? ok({ id, object: 'user', deleted: true }) : NOT_FOUND
    }),
})

/** The operations of users. */
export const userOperations: readonly AnyOperation[] = [
  createUser,
  listUsers,
  getUser,
  updateUser,
  resetUser,
  deleteUser,
]

/** Finds the user of the address, whom this one may manage. */
async function withUser(
  { app, actor, params }: Pick<Call, 'app' | 'actor' | 'params'>,
  use: (found: User) => Promise<Answer | Problem>,
): Promise<Answer | Problem> {
  const found = await app.users?.find(app.id, params['id'] ?? '')
  if (found === undefined) return NOT_FOUND
  return beyond(actor, found.role) ?? use(found)
}

/** Why who asks may neither give a role nor manage who has it; `undefined` where he may. */
function beyond({ scopes }: Pick<Actor, 'scopes'>, role: Role): Problem | undefined {
  if (role === 'owner') return isAll(scopes) ? undefined : OWNER_REQUIRED
  return mayGive(scopes, scopesOf(role)) ? undefined : SCOPES_EXCEEDED
}

function invited(
  { baseUrl }: AppContext,
  { user: one, token }: Invited,
  status: 200 | 201,
): Answer {
  // Behind `#`: browsers send it to nobody, and no proxy logs it.
  const invitation = `${baseUrl}/console/invitation#${token}`
  return { status, body: { ...userJson(one), invitation } }
}

function userJson(one: User) {
  return {
    id: one.id,
    object: 'user',
    email: one.email,
    name: one.name,
    role: one.role,
    status: one.status,
    totp_enabled: one.totpEnabled,
    locale: one.locale,
    created_at: formatRfc3339(one.createdAt),
    last_sign_in_at: one.lastSignInAt === null ? null : formatRfc3339(one.lastSignInAt),
  }
}

const NOT_FOUND = notFound('user_not_found', 'There is no user with this id.', 'id')
const OWNER_REQUIRED: Problem = {
  status: 403,
  type: 'permission_error',
  code: 'owner_required',
  message: 'Owners are managed by owners alone.',
}
const SCOPES_EXCEEDED: Problem = {
  status: 403,
  type: 'permission_error',
  code: 'scopes_exceeded',
  message: 'Who has this role may do more than you may. Choose another role, or ask an owner.',
}
const IS_YOU = conflict(
  'user_is_you',
  'Nobody takes away his own access. Ask somebody else who may manage users.',
)
const LAST_OWNER = conflict(
  'last_owner',
  'This is the last owner: nobody would be left who may do everything. Make another one first.',
)
