/**
 * The store of users on both databases: what one does the other must do.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import type { StoredUser } from '../../src/access/index.ts'
import { addMs } from '../../src/alipay/index.ts'
import { storeKinds } from './opened-stores.ts'
import { opening } from './payments-to-store.ts'

const owner: StoredUser = {
  id: 'usr_1',
  appId: 'app_1',
  reach: '*',
  email: 'boss@shop.example',
  name: '老板\0😀',
  role: 'owner',
  status: 'active',
  totpEnabled: false,
  locale: 'zh',
  createdAt: opening,
  lastSignInAt: null,
  passwordHash: 'scrypt$…',
  sealedTotp: null,
  totpStep: 0,
  invitationHash: null,
  invitationExpiresAt: null,
}
const kept = { ...owner, name: expect.stringContaining('老板') as string }
const other: StoredUser = {
  ...owner,
  id: 'usr_2',
  email: 'two@shop.example',
  role: 'cashier',
  invitationHash: 'c'.repeat(64),
  invitationExpiresAt: addMs(opening, 1_000),
}

describe.each(storeKinds)('on $kind', ({ open }) => {
  test('one of many is the first user of an application, and an address is taken once', async () => {
    const { users } = (await open()).store
    const first = await Promise.all([
      users.insertUser(owner, true),
      users.insertUser({ ...owner, id: 'usr_9' }, true),
    ])
    expect(first.filter(Boolean)).toHaveLength(1)
    expect(await users.insertUser({ ...other, appId: 'app_2', email: owner.email }, true)).toBe(
      true,
    )
    expect(await users.insertUser({ ...other, id: 'usr_3', email: owner.email })).toBe(false)
    expect(await users.insertUser({ ...other, id: 'usr_3' }, true)).toBe(false)
    expect(await users.listUsers('app_1')).toHaveLength(1)
  })

  test('users are found by id, address and invitation, and changed in their application', async () => {
    const { users } = (await open()).store
    await users.insertUser(owner)
    await users.insertUser(other)
    expect(await users.findUser('usr_1')).toEqual(kept)
    expect(await users.findUserByEmail('app_1', owner.email)).toEqual(kept)
    expect(await users.findUserByEmail('app_2', owner.email)).toBeUndefined()
    expect(await users.findUserByInvitation('c'.repeat(64))).toMatchObject({ id: 'usr_2' })
    expect(await users.updateUser('app_2', 'usr_2', { name: 'x' })).toBeUndefined()
    const changed = await users.updateUser('app_1', 'usr_2', {
      name: '新名字',
      locale: null,
      totpEnabled: true,
      sealedTotp: 'v1.x',
      invitationHash: null,
      lastSignInAt: opening,
    })
    expect(changed).toMatchObject({
      name: '新名字',
      locale: null,
      totpEnabled: true,
      sealedTotp: 'v1.x',
      invitationHash: null,
      lastSignInAt: opening,
      role: 'cashier',
    })
  })

  test('the last owner stays, with his sessions, until there is another one', async () => {
    const { users } = (await open()).store
    await users.insertUser(owner)
    const times = { createdAt: opening, lastSeenAt: opening }
    await users.insertSession({ hash: 'a'.repeat(64), userId: 'usr_1', ...times })
    for (const change of [{ role: 'admin' }, { status: 'disabled' }] as const) {
      expect(await users.updateUser('app_1', 'usr_1', change, {})).toBe('last_owner')
    }
    expect(await users.deleteUser('app_1', 'usr_1')).toBe('last_owner')
    expect(await users.findSession('a'.repeat(64))).toBeDefined()

    // One of some applications alone may not do everything.
    const some = ['app_1', 'app_2']
    await users.insertUser({ ...other, role: 'owner', reach: some })
    expect(await users.findUser('usr_2')).toMatchObject({ reach: some })
    for (const change of [{ role: 'admin' }, { reach: some }] as const) {
      expect(await users.updateUser('app_1', 'usr_1', change, {})).toBe('last_owner')
    }
    expect(await users.deleteUser('app_1', 'usr_1')).toBe('last_owner')

    expect(await users.updateUser('app_1', 'usr_2', { reach: '*' })).toMatchObject({ reach: '*' })
    const change = { status: 'disabled' } as const
    expect(await users.updateUser('app_1', 'usr_1', change, {})).toMatchObject(change)
    expect(await users.findSession('a'.repeat(64))).toBeUndefined()
    expect(await users.deleteUser('app_1', 'usr_2')).toBe('last_owner')
    expect(await users.deleteUser('app_2', 'usr_1')).toBeUndefined()
    expect(await users.deleteUser('app_1', 'usr_1')).toBe('deleted')
    expect(await users.deleteUser('app_1', 'usr_1')).toBeUndefined()
  })

  test('sessions come with their user, end with him, and are dropped when they are old', async () => {
    const { users } = (await open()).store
    await users.insertUser(owner)
    await users.insertUser(other)
    const at = (ms: number) => addMs(opening, ms)
    for (const [hash, userId] of [
      ['a', 'usr_1'],
      ['b', 'usr_1'],
      ['c', 'usr_2'],
    ] as const) {
      await users.insertSession({ hash, userId, createdAt: opening, lastSeenAt: opening })
    }
    await users.touchSession('a', at(5_000))
    await users.touchSession('a', at(1_000))
    expect(await users.findSession('a')).toEqual({
      session: { hash: 'a', userId: 'usr_1', createdAt: opening, lastSeenAt: at(5_000) },
      user: kept,
    })
    await users.forgetSessions({ created: opening, seen: at(1) })
    expect(await users.findSession('b')).toBeUndefined()
    expect(await users.findSession('c')).toBeUndefined()
    await users.insertSession({
      hash: 'd',
      userId: 'usr_1',
      createdAt: opening,
      lastSeenAt: opening,
    })
    await users.updateUser('app_1', 'usr_1', { passwordHash: 'x' }, { keep: 'd' })
    expect(await users.findSession('a')).toBeUndefined()
    expect(await users.findSession('d')).toBeDefined()
    await users.deleteSession('d')
    expect(await users.findSession('d')).toBeUndefined()
  })

  test('a code of an authenticator is used by one of many, and none before it', async () => {
    const { users } = (await open()).store
    await users.insertUser(owner)
    const used = await Promise.all(
      Array.from({ length: 20 }, () => users.useTotpStep('usr_1', 59_846_667)),
    )
    expect(used.filter(Boolean)).toHaveLength(1)
    expect(await users.useTotpStep('usr_1', 59_846_666)).toBe(false)
    expect(await users.useTotpStep('usr_1', 59_846_668)).toBe(true)
  })

  test('attempts are all counted, also those at once, and survive a restart', async () => {
    const opened = await open()
    const { users } = opened.store
    const counts = await Promise.all(
      Array.from({ length: 20 }, () => users.countAttempt('account x', opening, 900_000)),
    )
    expect(counts.map(({ count }) => count).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    )
    const reopened = (await opened.reopen()).store.users
    const later = addMs(opening, 899_999)
    expect(await reopened.countAttempt('account x', later, 900_000)).toEqual({
      count: 21,
      since: opening,
    })
    const anew = addMs(opening, 900_000)
    expect(await reopened.countAttempt('account x', anew, 900_000)).toEqual({
      count: 1,
      since: anew,
    })
    await reopened.forgetAttempts(['account x'])
    expect((await reopened.countAttempt('account x', anew, 900_000)).count).toBe(1)
  })
})
