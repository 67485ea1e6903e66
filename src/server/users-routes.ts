/**
 * `/v1/users`: who may sign in to the back office.
 *
 * @module
 */
import { z } from 'zod'
import {
  covers,
  isAll,
  mayGive,
  meets,
  ROLE_NAMES,
  scopesOf,
  type Invited,
  type Reach,
  type Role,
  type User,
} from '../access/index.ts'
import { formatRfc3339 } from '../alipay/index.ts'
import { homeOf, type Actor } from './authentication.ts'
import { email, personName } from './console/fields.ts'
import { text } from './fields.ts'
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
  user_reaches_more: {
    status: 403,
    description: 'He is managed by who reaches all applications that he reaches.',
  },
  user_is_you: {
    status: 409,
    description: 'Nobody takes away his own access: somebody else has to.',
  },
  last_owner: { status: 409, description: 'Nobody would be left who may do everything.' },
} as const

const APP_NOT_FOUND = {
  app_not_found: { status: 404, description: 'There is no such application within your reach.' },
} as const

const apps = z
  .array(text('an application', 64), 'apps is a list of ids')
  .min(1, 'apps names at least one application, or is null')
  .max(1000, 'apps names at most 1000 applications')
  .nullable()
  .describe('The applications that he reaches; `null`: all, also those that come later')

const listUsers = operation({
  method: 'GET',
  path: '/v1/users',
  id: 'listUsers',
  summary: 'List who may sign in to the back office',
  description: 'Those who reach an application that you reach, too.',
  scope: 'users:read',
  answers: { 200: { description: 'All of them, oldest first.', schema: list(user) } },
  async handle({ app, actor }) {
    const all = (await app.users?.list(serverOf(app))) ?? []
    const data = all.filter(({ reach }) => meets(actor.reach, reach)).map(userJson)
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
  async handle(call) {
    const found = await findUser(call)
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
  body: z.strictObject({
    email,
    name: personName,
    role,
    apps: apps.optional().describe('By default those that you reach'),
  }),
  answers: { 201: { description: 'Invited.', schema: userWithInvitation } },
  problems: {
    ...APP_NOT_FOUND,
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
    const { apps: named = actor.reach === '*' ? null : [...actor.reach], ...user } = body
    const reach = toReach(named)
    if (!mayGiveReach(app, actor, reach)) return NO_SUCH_APP
    const result = await app.users.invite({ ...user, reach, appId: serverOf(app) })
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
  description:
    'One who is disabled is out at once; a new role counts from his next request on; one who is to reach other applications signs in anew.',
  scope: 'users:write',
  audit: 'user.update',
  body: z.strictObject({
    name: personName.optional(),
    role: role.optional(),
    apps: apps.optional(),
    disabled: z.boolean('disabled is true or false').optional(),
  }),
  answers: { 200: { description: 'As it is now.', schema: user } },
  problems: { ...PROBLEMS, ...APP_NOT_FOUND },
  handle: (call) =>
    withUser(call, async (found) => {
      const { app, actor, body } = call
      const { name, role: next, apps: named, disabled } = body
      const refused = next && beyond(actor, next)
      if (refused) return refused
      const reach = named === undefined ? found.reach : toReach(named)
      const isOther = !covers(reach, found.reach) || !covers(found.reach, reach)
      if (isOther && !mayGiveReach(app, actor, reach)) return NO_SUCH_APP
      const takesAway = disabled === true || (next !== undefined && next !== found.role) || isOther
      if (takesAway && found.id === actor.id) return IS_YOU
      const changed = await app.users?.update(serverOf(app), found.id, {
        ...(name !== undefined && { name }),
        ...(next !== undefined && { role: next }),
        ...(isOther && { reach }),
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
    user_reaches_more: PROBLEMS.user_reaches_more,
  },
  handle: (call) =>
    withUser(call, async ({ id }) => {
      const result = await call.app.users?.reset(serverOf(call.app), id)
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
      const result = await app.users?.remove(serverOf(app), id)
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
  call: Pick<Call, 'app' | 'actor' | 'params'>,
  use: (found: User) => Promise<Answer | Problem>,
): Promise<Answer | Problem> {
  const found = await findUser(call)
  if (found === undefined) return NOT_FOUND
  const { actor } = call
  if (!covers(actor.reach, found.reach)) return REACHES_MORE
  return beyond(actor, found.role) ?? use(found)
}

/** Why who asks may neither give a role nor manage who has it; `undefined` where he may. */
function beyond({ scopes }: Pick<Actor, 'scopes'>, role: Role): Problem | undefined {
  if (role === 'owner') return isAll(scopes) ? undefined : OWNER_REQUIRED
  return mayGive(scopes, scopesOf(role)) ? undefined : SCOPES_EXCEEDED
}

/** Finds the user of the address, if this one knows of him. */
async function findUser({ app, actor, params }: Pick<Call, 'app' | 'actor' | 'params'>) {
  const found = await app.users?.find(serverOf(app), params['id'] ?? '')
  return found && meets(actor.reach, found.reach) ? found : undefined
}

/** People belong to the server, whichever application is asked for. */
function serverOf(app: AppContext): string {
  return homeOf(app)?.id ?? app.id
}

function toReach(named: readonly string[] | null): Reach {
  return named === null ? '*' : [...new Set(named)]
}

/** Nobody gives what he does not reach, nor what is not there. */
function mayGiveReach({ apps: served }: AppContext, actor: Actor, reach: Reach): boolean {
  if (!covers(actor.reach, reach)) return false
  return reach === '*' || reach.every((id) => served.find(id) !== undefined)
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
    apps: one.reach === '*' ? null : one.reach,
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
const NO_SUCH_APP = notFound(
  'app_not_found',
  'apps names an application that is not there or that you do not reach, or is null although you do not reach all.',
  'apps',
)
const REACHES_MORE: Problem = {
  status: 403,
  type: 'permission_error',
  code: 'user_reaches_more',
  message:
    'This user reaches applications that you do not reach: somebody who reaches all of them manages him.',
}
const IS_YOU = conflict(
  'user_is_you',
  'Nobody takes away his own access. Ask somebody else who may manage users.',
)
const LAST_OWNER = conflict(
  'last_owner',
  'This is the last owner: nobody would be left who may do everything. Make another one first.',
)
