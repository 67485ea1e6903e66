/**
 * Alarms reach people: a list that nobody opens is no alarm. What is raised is kept first, in an
 * outbox, and told by whichever node comes to it; each kind is told to a channel at most once in a
 * while, with all that has gathered.
 *
 * @module
 */

import type { Dispatcher } from 'undici'
import { systemClock, type Clock } from '../alipay/index.ts'
import { DueLoop } from '../payments/due-loop.ts'
import { newLeaseToken } from '../payments/identifiers.ts'
import {
  AddressRules,
  createPinnedDispatcher,
  EndpointInvalid,
  SecretInvalid,
  SigningSecret,
  systemLookup,
  toEndpointUrl,
  type AddressOptions,
  type Lookup,
  type SecretVault,
} from '../webhooks/index.ts'
import { ALARM_KINDS, type Alarm, type AlarmFilter } from './alarm-kinds.ts'
import { sendAlarm, type AlarmMessage } from './alarm-sender.ts'
import type { AlarmStore, ClaimedAlarm } from './alarm-store.ts'
import {
  ChannelInvalid,
  CHANNELS_MAX,
  type AlarmChannel,
  type ChannelSettings,
  type StoredChannel,
} from './channel.ts'

export * from './alarm-kinds.ts'
export type * from './alarm-store.ts'
export * from './channel.ts'

/** What alarms are made of. */
export interface AlarmsOptions {
  readonly store: AlarmStore
  /** Live channels are reached over TLS. */
  readonly livemode: boolean
  readonly vault: SecretVault
  /** Addresses beyond the public ones that may be sent to. Default: none. */
  readonly addresses?: AddressOptions
  readonly clock?: Clock
  readonly lookup?: Lookup
  /** Milliseconds between two messages of one kind over one channel. Default 10 minutes. */
  readonly throttleMs?: number
  /** Is told of a channel that does not take its messages, and of failures of the store. */
  readonly onError?: (error: unknown) => void
}

/** The alarms of one application. */
export interface Alarms {
  /** Oldest first. */
  list(): Promise<AlarmChannel[]>
  find(id: string): Promise<AlarmChannel | undefined>
  /** @throws {ChannelInvalid} If it cannot be so. */
  create(channel: CreateChannel): Promise<AlarmChannel>
  /** @throws {ChannelInvalid} If it cannot be so. */
  update(id: string, change: UpdateChannel): Promise<AlarmChannel | undefined>
  delete(id: string): Promise<boolean>
  /**
   * Sends a message now, also over a disabled channel. Nothing is stored.
   *
   * @returns `undefined` if there is no such channel; `error`: `null` where it was taken.
   */
  test(id: string): Promise<{ readonly error: string | null } | undefined>
  /** Keeps an alarm, unless it is kept already, and has it told. */
  raise(alarm: Alarm): Promise<boolean>
  /** Tells an alarm at once and without the store, for when that is what fails. */
  shout(alarm: Alarm): Promise<void>
  start(): void
  stop(): Promise<void>
  /** Tells what is due now and waits for it; returns how many messages were sent. */
  runDue(): Promise<number>
}

/** A channel to be made. */
export interface CreateChannel {
  readonly name: string
  readonly settings: ChannelSettings
  /** Default: all. */
  readonly kinds?: AlarmFilter
}

/** What may be changed of one; settings are replaced as a whole. */
export interface UpdateChannel extends Partial<CreateChannel> {
  readonly status?: AlarmChannel['status']
}

/** Between two messages of one kind over one channel, in milliseconds. */
export const ALARM_THROTTLE_MS = 600_000

/** Before the attempts after the first, in milliseconds. */
export const ALARM_RETRY_MS: readonly number[] = [10_000, 60_000, 300_000, 1_800_000, 7_200_000]

/** Lines of one message; what is beyond is counted. */
export const ALARM_LINES_MAX = 10

const CLAIM = { leaseMs: 60_000, limit: 200 }
const IDLE_MS = 2_000

/** Makes them. Nothing runs in the background until `start()`. */
export function createAlarms(options: AlarmsOptions): Alarms {
  const { store, livemode, vault, clock = systemClock, lookup = systemLookup } = options
  const { throttleMs = ALARM_THROTTLE_MS, onError = () => {} } = options
  const rules = new AddressRules(options.addresses)
  let connections: Dispatcher | undefined
  /** Those that were last seen: what is shouted cannot ask the store. */
  let known: readonly StoredChannel[] = []

  const settingsOf = ({ sealedSettings, id }: StoredChannel): ChannelSettings =>
    JSON.parse(vault.open(sealedSettings, id)) as ChannelSettings

  const send = async (channel: StoredChannel, message: AlarmMessage): Promise<string | null> => {
    const dispatcher = (connections ??= createPinnedDispatcher(rules, lookup))
    try {
      const context = { dispatcher, rules, lookup, clock }
      return await sendAlarm(context, settingsOf(channel), message)
    } catch {
      return 'its settings cannot be opened with this master key: give them again'
    }
  }

  const tell = async (claimed: readonly ClaimedAlarm[], token: string): Promise<void> => {
    const { channelId, kind, attempts } = claimed[0] as ClaimedAlarm
    const channel = known.find(({ id }) => id === channelId)
    const error =
      channel === undefined
        ? 'there is no such channel any more'
        : await send(
            channel,
            messageOf(
              newLeaseToken(),
              kind,
              claimed.map(({ text }) => text),
            ),
          )
    if (error !== null) onError(new AlarmNotTold(channelId, kind, error))
    const deliveryIds = claimed.map(({ deliveryId }) => deliveryId)
    const againInMs = error === null ? null : (ALARM_RETRY_MS[attempts] ?? null)
    await store.settle({ token, deliveryIds, error, againInMs })
  }

  const runDue = async (): Promise<number> => {
    known = await store.listChannels()
    if (known.length === 0) return 0
    const token = newLeaseToken()
    const claimed = await store.claimDue({ ...CLAIM, token, throttleMs })
    const together = byMessage(claimed)
    await Promise.all(together.map((alarms) => tell(alarms, token)))
    return together.length
  }

  const loop = new DueLoop({
    look: async () => ((await runDue()) > 0 ? 0 : IDLE_MS),
    idleMs: IDLE_MS,
    onError,
  })

  const sealed = (id: string, settings: ChannelSettings) => {
    const checked = checkSettings(settings, { livemode, addresses: rules })
    return {
      type: checked.type,
      hint: new URL(checked.url).host,
      sealedSettings: vault.seal(JSON.stringify(checked), id),
    }
  }

  return {
    async list() {
      return (await store.listChannels()).map(withoutSecrets)
    },
    async find(id) {
      const channel = await store.findChannel(id)
      return channel && withoutSecrets(channel)
    },
    async create({ name, settings, kinds = '*' }) {
      const id = `alc_${newLeaseToken()}`
      const now = clock.now()
      const channel: StoredChannel = {
        id,
        name,
        kinds,
        status: 'enabled',
        ...sealed(id, settings),
        createdAt: now,
        updatedAt: now,
      }
      if (!(await store.insertChannel(channel, CHANNELS_MAX))) {
        throw new ChannelInvalid(
          'too_many_channels',
          null,
          `There are ${CHANNELS_MAX} channels already. Delete one that is not used any more.`,
        )
      }
      return withoutSecrets(channel)
    },
    async update(id, { settings, ...change }) {
      const channel = await store.findChannel(id)
      if (channel === undefined) return undefined
      const changed = {
        ...channel,
        ...change,
        ...(settings && sealed(id, settings)),
        updatedAt: clock.now(),
      }
      return (await store.updateChannel(changed)) ? withoutSecrets(changed) : undefined
    },
    delete: (id) => store.deleteChannel(id),
    async test(id) {
      const channel = await store.findChannel(id)
      if (channel === undefined) return undefined
      const lines = [
        'saoma 测试告警：能看到这条消息，说明此通道可用。',
        'A test: this channel works.',
      ]
      const message = { id: newLeaseToken(), kind: null, title: '测试告警 / Test', lines }
      return { error: await send(channel, message) }
    },
    async raise(alarm) {
      const isNew = await store.raise({ ...alarm, id: `alm_${newLeaseToken()}`, at: clock.now() })
      if (isNew) loop.wake()
      return isNew
    },
    async shout({ kind, text }) {
      const wanted = known.filter(
        ({ status, kinds }) => status === 'enabled' && (kinds === '*' || kinds.includes(kind)),
      )
      const message = messageOf(newLeaseToken(), kind, [text])
      await Promise.all(wanted.map((channel) => send(channel, message)))
    },
    start: () => loop.start(),
    async stop() {
      await loop.stop()
      await connections?.destroy()
      connections = undefined
    },
    runDue,
  }
}

/** A channel did not take what it was told. */
export class AlarmNotTold extends Error {
  readonly code = 'ERR_ALARM_NOT_TOLD'
  /** It may have been shown all the same. */
  readonly outcome = 'unknown'

  constructor(channelId: string, kind: string, reason: string) {
    super(`The channel ${channelId} was not told of ${kind}: ${reason}.`)
    this.name = 'AlarmNotTold'
  }
}

function messageOf(id: string, kind: Alarm['kind'], texts: readonly string[]): AlarmMessage {
  const [zh, en] = ALARM_KINDS[kind]
  const more = texts.length - ALARM_LINES_MAX
  const lines = [
    en,
    ...texts.slice(0, ALARM_LINES_MAX),
    ...(more > 0 ? [`还有 ${more} 条 / and ${more} more`] : []),
  ]
  return { id: `alm_${id}`, kind, title: zh, lines }
}

/** Those of one kind for one channel are one message. */
function byMessage(claimed: readonly ClaimedAlarm[]): ClaimedAlarm[][] {
  const messages = new Map<string, ClaimedAlarm[]>()
  for (const alarm of claimed) {
    const key = `${alarm.channelId} ${alarm.kind}`
    messages.set(key, [...(messages.get(key) ?? []), alarm])
  }
  return [...messages.values()]
}

function withoutSecrets(channel: StoredChannel): AlarmChannel {
  const { id, type, name, hint, kinds, status, createdAt, updatedAt } = channel
  return { id, type, name, hint, kinds, status, createdAt, updatedAt }
}

function checkSettings(
  settings: ChannelSettings,
  urlRules: Parameters<typeof toEndpointUrl>[1],
): ChannelSettings {
  try {
    if (settings.type === 'email') return { ...settings, url: checkMailUrl(settings.url, urlRules) }
    if (settings.type === 'webhook' && settings.secret !== undefined) {
      SigningSecret.parse(settings.secret)
    }
    return { ...settings, url: toEndpointUrl(settings.url, urlRules) }
  } catch (error) {
    if (error instanceof EndpointInvalid) {
      throw new ChannelInvalid('channel_invalid', 'url', error.message)
    }
    if (!(error instanceof SecretInvalid)) throw error
    throw new ChannelInvalid('channel_invalid', 'secret', error.message)
  }
}

function checkMailUrl(
  text: string,
  { livemode, addresses }: Parameters<typeof toEndpointUrl>[1],
): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^smtps?:$/.test(url.protocol) || url.hostname === '') {
    throw new ChannelInvalid(
      'channel_invalid',
      'url',
      'Give the mail server as smtps://user:password@host:port.',
    )
  }
  // Held to the rules of addresses by the name of its host alone.
  toEndpointUrl(`https://${url.host}/`, { livemode, addresses })
  return url.href
}
