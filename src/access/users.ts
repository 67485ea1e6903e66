/**
 * The people of the back office: who they are, how they sign in, and how they get in again.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { addMs, systemClock, type Clock } from '../alipay/index.ts'
import { newLeaseToken } from '../payments/identifiers.ts'
import { hashOf } from './api-key.ts'
import { countAttempt, forgetAttempts } from './attempts.ts'
import type { MasterKey } from './master-key.ts'
import { hashPassword, isAcceptable, isPassword, PASSWORD_LOG_N } from './password.ts'
import type { Reach } from './reach.ts'
import type { Role } from './roles.ts'
import {
  isAlive,
  newSessionToken,
  SESSION_IDLE_MS,
  SESSION_MAX_MS,
  SESSION_NOTED_MS,
  sessionOf,
  type Session,
  type SignedIn,
} from './session.ts'
import { toBase32, TOTP_SECRET_BYTES, totpStepOf, totpUri } from './totp.ts'
import type { Locale, StoredUser, User } from './user.ts'
import type { UserChange, UserStore } from './user-store.ts'

/**
 * Users at work. They belong to a server, which `appId` names by its first application; which
 * applications of it one reaches his `reach` says.
 */
export interface Users {
  /** Whether the server has no user yet, so that its back office is closed. */
  needsOwner(appId: string): Promise<boolean>
  /**
   * The code by which the first owner of a server is made, to be shown on the terminal alone;
   * `undefined` where there is a user. It holds for this process, until it is used.
   */
  ownerCode(appId: string): Promise<string | undefined>
  /** Makes the first owner, by the code. */
  createOwner(
    owner: NewUser & {
      readonly code: string
      readonly password: string
      readonly address?: string | undefined
    },
  ): Promise<
    { readonly status: 'signed_in'; readonly signedIn: SignedIn } | Refused<'code_wrong'> | Unfit
  >
  /** Signs somebody in. `code`: of his authenticator, where he has one. */
  signIn(who: {
    readonly appId: string
    readonly email: string
    readonly password: string
    readonly code?: string | undefined
    readonly address?: string | undefined
  }): Promise<
    | { readonly status: 'signed_in'; readonly signedIn: SignedIn }
    | Refused<'credentials_wrong' | 'totp_required' | 'totp_wrong'>
  >
  /** The session that a token opens, if it holds; it then holds on. */
  findSession(token: string): Promise<Session | undefined>
  /** Whether a session still holds, without using it. */
  isSignedIn(session: Session): Promise<boolean>
  signOut(session: Session): Promise<void>
  /** Ends all other sessions of the user: on what he has lost, or left signed in. */
  signOutElsewhere(session: Session): Promise<void>

  /** In the order in which they came. */
  list(appId: string): Promise<User[]>
  find(appId: string, id: string): Promise<User | undefined>
  /** Lets somebody in who chooses his password himself. */
  invite(
    user: NewUser & {
      readonly role: Role
      /** Default: all. */
      readonly reach?: Reach
    },
  ): Promise<Invited | { readonly status: 'exists' }>
  /**
   * Changes somebody; one who is disabled is out at once, and one who is to reach other
   * applications signs in anew.
   */
  update(
    appId: string,
    id: string,
    change: {
      readonly name?: string
      readonly role?: Role
      readonly reach?: Reach
      readonly locale?: Locale | null
      readonly isDisabled?: boolean
    },
  ): Promise<User | 'last_owner' | undefined>
  /**
   * Takes away password, authenticator and sessions, and lets him choose a password anew. For one
   * who has lost what he signs in with.
   */
  reset(appId: string, id: string): Promise<Invited | undefined>
  remove(appId: string, id: string): Promise<'deleted' | 'last_owner' | undefined>

  /** Chooses a password by the token of an invitation, and signs in. */
  acceptInvitation(
    token: string,
    password: string,
  ): Promise<
    | { readonly status: 'signed_in'; readonly signedIn: SignedIn }
    | { readonly status: 'invitation_invalid' }
    | Unfit
  >
  /** Ends all sessions of the user, also this one; he goes on with a new one. */
  changePassword(
    session: Session,
    current: string,
    next: string,
  ): Promise<
    | { readonly status: 'signed_in'; readonly signedIn: SignedIn }
    | Refused<'credentials_wrong'>
    | Unfit
  >

  /** A new secret for an authenticator; it counts once it is confirmed. */
  startTotp(
    user: User,
    issuer: string,
  ): Promise<{ readonly secret: string; readonly uri: string } | 'enabled'>
  /** From now on codes are asked for. */
  confirmTotp(
    user: User,
    code: string,
  ): Promise<{ readonly status: 'done' } | Refused<'code_wrong'>>
  /** No codes are asked for any more. */
  removeTotp(
    user: User,
    password: string,
  ): Promise<{ readonly status: 'done' } | Refused<'credentials_wrong'>>

  /** Begins to drop old sessions in the background. */
  start(): void
  stop(): Promise<void>
}

/** Somebody who is to be let in. */
export interface NewUser {
  readonly appId: string
  readonly email: string
  /** 1 to 100 characters. */
  readonly name: string
}

/** It was not right; or nobody looked, because there were too many attempts. */
export type Refused<Status extends string> =
  { readonly status: Status } | { readonly status: 'too_many_attempts'; readonly waitMs: number }

/** The password cannot be chosen. */
export interface Unfit {
  readonly status: 'password_unfit'
}

/** Somebody who may choose a password. */
export interface Invited {
  readonly status: 'invited'
  readonly user: User
  /** Told this once; holds for {@link INVITATION_MS}. */
  readonly token: string
}

/** What users are made of. */
export interface UsersOptions {
  readonly store: UserStore
  /** Seals the secrets of authenticators. */
  readonly vault: MasterKey
  /** The logarithm of scrypt's N, of new passwords. Default {@link PASSWORD_LOG_N}. */
  readonly passwordLogN?: number
  /** Default: the machine's. */
  readonly clock?: Clock
  /** Is told of failures in the background. Default: writes them to stderr. */
  readonly onError?: (error: unknown) => void
}

/** A link to choose a password holds so long, in milliseconds. */
export const INVITATION_MS = 3 * 86_400_000

const UPKEEP_MS = 10 * 60_000

/** Makes it. Nothing runs in the background until `start()`. */
export function createUsers(options: UsersOptions): Users {
  const { store, vault, clock = systemClock, passwordLogN = PASSWORD_LOG_N } = options
  const onError = options.onError ?? ((error) => console.error(error))
  const ownerCodes = new Map<string, string>()
  let timer: NodeJS.Timeout | undefined
  let upkeep: Promise<void> = Promise.resolve()

  const begin = async (user: StoredUser): Promise<SignedIn> => {
    const token = newSessionToken()
    const now = clock.now()
    await store.insertSession({
      hash: hashOf(token),
      userId: user.id,
      createdAt: now,
      lastSeenAt: now,
    })
    const change = { lastSignInAt: now }
    const changed = await store.updateUser(user.appId, user.id, change)
    return { token, session: sessionOf(token, toUser(isUser(changed) ? changed : user)) }
  }

  const newUser = ({
    appId,
    email,
    name,
    role,
    reach = '*',
  }: NewUser & { readonly role: Role; readonly reach?: Reach }): StoredUser => ({
    id: `usr_${newLeaseToken()}`,
    appId,
    reach,
    email: normalEmail(email),
    name,
    role,
    status: 'invited',
    totpEnabled: false,
    locale: null,
    createdAt: clock.now(),
    lastSignInAt: null,
    passwordHash: null,
    sealedTotp: null,
    totpStep: 0,
    invitationHash: null,
    invitationExpiresAt: null,
  })

  const invitation = () => {
    const token = newSessionToken()
    const invitationExpiresAt = addMs(clock.now(), INVITATION_MS)
    return { token, invitationHash: hashOf(token), invitationExpiresAt }
  }

  /** Whether a code is one of his that was not used before. */
  const takeCode = async (user: StoredUser, code: string): Promise<boolean> => {
    if (user.sealedTotp === null) return false
    const secret = vault.open(user.sealedTotp, user.id)
    const step = totpStepOf(secret, code, clock.now())
    return step !== undefined && store.useTotpStep(user.id, step)
  }

  /** Guards what somebody who holds a session may try as often as he likes. */
  const guarded = async <Status extends string, Done>(
    account: string,
    refusal: Status,
    attempt: () => Promise<Done | undefined>,
    address?: string,
  ): Promise<Done | Refused<Status>> => {
    const waitMs = await countAttempt(store, { account, address }, clock.now())
    if (waitMs > 0) return { status: 'too_many_attempts', waitMs }
    const done = await attempt()
    if (done === undefined) return { status: refusal }
    await forgetAttempts(store, { account })
    return done
  }

  const findStored = async (appId: string, id: string): Promise<StoredUser | undefined> => {
    const user = await store.findUser(id)
    return user?.appId === appId ? user : undefined
  }

  return {
    needsOwner: async (appId) => (await store.listUsers(appId)).length === 0,

    async ownerCode(appId) {
      if ((await store.listUsers(appId)).length > 0) return undefined
      const code = ownerCodes.get(appId) ?? newOwnerCode()
      ownerCodes.set(appId, code)
      return code
    },

    async createOwner({ code, password, address, ...user }) {
      if (!isAcceptable(password, user.email)) return { status: 'password_unfit' }
      return guarded(
        `owner code of ${user.appId}`,
        'code_wrong',
        async () => {
          const expected = ownerCodes.get(user.appId)
          if (expected === undefined || hashOf(normalCode(code)) !== hashOf(normalCode(expected)))
            return undefined
          // Before anything is waited for: it is used once, whoever else sends it now.
          ownerCodes.delete(user.appId)
          const owner: StoredUser = {
            ...newUser({ ...user, role: 'owner' }),
            status: 'active',
            passwordHash: await hashPassword(password, passwordLogN),
          }
          if (!(await store.insertUser(owner, true))) return undefined
          return { status: 'signed_in' as const, signedIn: await begin(owner) }
        },
        address,
      )
    },

    async signIn({ appId, email, password, code, address }) {
      const account = `${appId} ${normalEmail(email)}`
      const waitMs = await countAttempt(store, { account, address }, clock.now())
      if (waitMs > 0) return { status: 'too_many_attempts', waitMs }
      const user = await store.findUserByEmail(appId, normalEmail(email))
      // Asked in any case: the time it takes tells nobody who has an account.
      const isRight = await isPassword(password, user?.passwordHash ?? null, passwordLogN)
      if (user?.status !== 'active' || !isRight) return { status: 'credentials_wrong' }
      if (user.totpEnabled) {
        if (code === undefined || code === '') return { status: 'totp_required' }
        // That the password was right is known since the code was asked for.
        if (!(await takeCode(user, code))) return { status: 'totp_wrong' }
      }
      await forgetAttempts(store, { account })
      return { status: 'signed_in', signedIn: await begin(user) }
    },

    async findSession(token) {
      const found = await store.findSession(hashOf(token))
      const now = clock.now()
      if (found?.user.status !== 'active' || !isAlive(found.session, now)) return undefined
      const { hash, lastSeenAt } = found.session
      if (now - lastSeenAt >= SESSION_NOTED_MS) await store.touchSession(hash, now)
      return sessionOf(token, toUser(found.user))
    },
    async isSignedIn({ hash }) {
      const found = await store.findSession(hash)
      return found?.user.status === 'active' && isAlive(found.session, clock.now())
    },
    signOut: ({ hash }) => store.deleteSession(hash),
    async signOutElsewhere({ hash, user: { appId, id } }) {
      await store.updateUser(appId, id, {}, { keep: hash })
    },

    list: async (appId) => (await store.listUsers(appId)).map(toUser),
    async find(appId, id) {
      const user = await findStored(appId, id)
      return user && toUser(user)
    },

    async invite(user) {
      const { token, ...link } = invitation()
      const invited: StoredUser = { ...newUser(user), ...link }
      if (!(await store.insertUser(invited))) return { status: 'exists' }
      ownerCodes.delete(user.appId)
      return { status: 'invited', user: toUser(invited), token }
    },

    async update(appId, id, { isDisabled, ...rest }) {
      const user = await findStored(appId, id)
      if (user === undefined) return undefined
      const enabled = user.passwordHash === null ? 'invited' : 'active'
      const change: UserChange = {
        ...rest,
        ...(isDisabled !== undefined && { status: isDisabled ? 'disabled' : enabled }),
        ...(isDisabled === true && { invitationHash: null, invitationExpiresAt: null }),
      }
      const isOut = isDisabled === true || rest.reach !== undefined
      const changed = await store.updateUser(appId, id, change, isOut ? {} : undefined)
      return isUser(changed) ? toUser(changed) : changed
    },

    async reset(appId, id) {
      const { token, ...link } = invitation()
      const change: UserChange = {
        ...link,
        status: 'invited',
        passwordHash: null,
        sealedTotp: null,
        totpEnabled: false,
      }
      const user = await store.updateUser(appId, id, change, {})
      if (!isUser(user)) return undefined
      await forgetAttempts(store, { account: `${appId} ${user.email}` })
      return { status: 'invited', user: toUser(user), token }
    },

    remove: (appId, id) => store.deleteUser(appId, id),

    async acceptInvitation(token, password) {
      const user = await store.findUserByInvitation(hashOf(token))
      const { invitationExpiresAt: until = null } = user ?? {}
      if (user?.status !== 'invited' || until === null || clock.now() >= until) {
        return { status: 'invitation_invalid' }
      }
      if (!isAcceptable(password, user.email)) return { status: 'password_unfit' }
      const change: UserChange = {
        status: 'active',
        passwordHash: await hashPassword(password, passwordLogN),
        invitationHash: null,
        invitationExpiresAt: null,
      }
      const changed = await store.updateUser(user.appId, user.id, change, {})
      if (!isUser(changed)) return { status: 'invitation_invalid' }
      return { status: 'signed_in', signedIn: await begin(changed) }
    },

    async changePassword({ user: { appId, id, email } }, current, next) {
      if (!isAcceptable(next, email)) return { status: 'password_unfit' }
      return guarded(`${appId} ${email}`, 'credentials_wrong', async () => {
        const user = await findStored(appId, id)
        if (!(await isPassword(current, user?.passwordHash ?? null, passwordLogN))) return undefined
        const change = { passwordHash: await hashPassword(next, passwordLogN) }
        const changed = await store.updateUser(appId, id, change, {})
        if (!isUser(changed)) return undefined
        return { status: 'signed_in' as const, signedIn: await begin(changed) }
      })
    },

    async startTotp({ appId, id, email }, issuer) {
      const user = await findStored(appId, id)
      if (user === undefined || user.totpEnabled) return 'enabled'
      const secret = toBase32(randomBytes(TOTP_SECRET_BYTES))
      await store.updateUser(appId, id, { sealedTotp: vault.seal(secret, id) })
      return { secret, uri: totpUri(secret, email, issuer) }
    },

    confirmTotp: ({ appId, id, email }, code) =>
      guarded(`${appId} ${email}`, 'code_wrong', async () => {
        const user = await findStored(appId, id)
        if (user === undefined || user.totpEnabled || !(await takeCode(user, code)))
          return undefined
        await store.updateUser(appId, id, { totpEnabled: true })
        return { status: 'done' as const }
      }),

    removeTotp: ({ appId, id, email }, password) =>
      guarded(`${appId} ${email}`, 'credentials_wrong', async () => {
        const user = await findStored(appId, id)
        if (!(await isPassword(password, user?.passwordHash ?? null, passwordLogN)))
          return undefined
        await store.updateUser(appId, id, { totpEnabled: false, sealedTotp: null })
        return { status: 'done' as const }
      }),

    start() {
      timer ??= setInterval(() => {
        const now = clock.now()
        const before = { created: addMs(now, -SESSION_MAX_MS), seen: addMs(now, -SESSION_IDLE_MS) }
        upkeep = upkeep.then(() => store.forgetSessions(before)).catch(onError)
      }, UPKEEP_MS).unref()
    },
    async stop() {
      clearInterval(timer)
      timer = undefined
      await upkeep
    },
  }
}

/** What may be told of a user. */
export function toUser(user: StoredUser): User {
  const { id, appId, reach, email, name, role, status } = user
  const { totpEnabled, locale, createdAt, lastSignInAt } = user
  return {
    id,
    appId,
    reach,
    email,
    name,
    role,
    status,
    totpEnabled,
    locale,
    createdAt,
    lastSignInAt,
  }
}

function isUser(found: StoredUser | 'last_owner' | undefined): found is StoredUser {
  return typeof found === 'object'
}

/** Addresses differ in their letters, whatever standards say, and never in their size. */
function normalEmail(email: string): string {
  return email.trim().toLowerCase()
}

/** 60 random bits that can be copied by hand, e.g. `7KQM-X2ZD-…`: no 0, 1, I, L, O, U. */
function newOwnerCode(): string {
  const letters = '23456789ABCDEFGHJKMNPQRSTVWXYZ23'
  const code = Array.from(randomBytes(12), (byte) => letters[byte % 32]).join('')
  return code.replaceAll(/.{4}(?=.)/g, '$&-')
}

function normalCode(code: string): string {
  return code.toUpperCase().replaceAll(/[^0-9A-Z]/g, '')
}
