/**
 * `/v1/alarm_channels`: how people are told of what cannot wait.
 *
 * @module
 */
import {
  ChannelInvalid,
  type AlarmChannel,
  type Alarms,
  type ChannelSettings,
} from '../alarms/index.ts'
import { formatRfc3339 } from '../alipay/index.ts'
import { createChannelFields, updateChannelFields } from './fields.ts'
import { ok, operation, type Answer, type AnyOperation } from './operation.ts'
import type { AppContext } from './options.ts'
import { conflict, notFound, type Problem } from './problem.ts'
import { alarmChannel, alarmTest, deleted, list } from './schemas.ts'

const NOT_FOUND = {
  alarm_channel_not_found: { status: 404, description: 'No such channel.' },
} as const

const INVALID = {
  channel_invalid: {
    status: 400,
    description: 'It cannot be so: `param` names the field, `message` says why.',
  },
} as const

const createChannel = operation({
  method: 'POST',
  path: '/v1/alarm_channels',
  id: 'createAlarmChannel',
  summary: 'Have alarms sent to people',
  description:
    'To a robot of DingTalk, WeCom or Feishu, by mail, or to a program of yours. Addresses and secrets are sealed and never told again. Try it with `test`.',
  scope: 'admin',
  audit: 'alarm_channel.create',
  secrets: ['url', 'secret'],
  body: createChannelFields,
  answers: { 201: { description: 'Made.', schema: alarmChannel } },
  problems: {
    ...INVALID,
    too_many_channels: { status: 409, description: 'Delete one that is not used any more.' },
    alarms_unavailable: { status: 409, description: 'This server sends no alarms.' },
  },
  handle: ({ app, body: { name, kinds, ...settings } }) =>
    withAlarms(
      app,
      async (alarms) => {
        const made = await alarms.create({ name, settings, ...(kinds && { kinds }) })
        return { status: 201, body: channelJson(app, made) }
      },
      conflict('alarms_unavailable', 'This server sends no alarms.'),
    ),
})

const listChannels = operation({
  method: 'GET',
  path: '/v1/alarm_channels',
  id: 'listAlarmChannels',
  summary: 'List channels, oldest first',
  scope: 'admin',
  answers: { 200: { description: 'All of them.', schema: list(alarmChannel) } },
  async handle({ app }) {
    const channels = (await app.alarms?.list()) ?? []
    const data = channels.map((channel) => channelJson(app, channel))
    return ok({ object: 'list', data, has_more: false })
  },
})

const getChannel = operation({
  method: 'GET',
  path: '/v1/alarm_channels/{id}',
  id: 'getAlarmChannel',
  summary: 'Get a channel',
  scope: 'admin',
  answers: { 200: { description: 'The channel.', schema: alarmChannel } },
  problems: NOT_FOUND,
  async handle({ app, params }) {
    return found(app, await app.alarms?.find(params['id'] ?? ''))
  },
})

const updateChannel = operation({
  method: 'PATCH',
  path: '/v1/alarm_channels/{id}',
  id: 'updateAlarmChannel',
  summary: 'Change a channel',
  description: '`settings` replaces all of its address and secrets.',
  scope: 'admin',
  audit: 'alarm_channel.update',
  secrets: ['settings'],
  body: updateChannelFields,
  answers: { 200: { description: 'As it is now.', schema: alarmChannel } },
  problems: { ...NOT_FOUND, ...INVALID },
  handle: ({ app, params, body: { name, kinds, status, settings } }) =>
    withAlarms(app, async (alarms) => {
      const change = {
        ...(name !== undefined && { name }),
        ...(kinds !== undefined && { kinds }),
        ...(status !== undefined && { status }),
        ...(settings !== undefined && { settings: settings satisfies ChannelSettings }),
      }
      return found(app, await alarms.update(params['id'] ?? '', change))
    }),
})

const deleteChannel = operation({
  method: 'DELETE',
  path: '/v1/alarm_channels/{id}',
  id: 'deleteAlarmChannel',
  summary: 'Delete a channel',
  scope: 'admin',
  audit: 'alarm_channel.delete',
  answers: { 200: { description: 'Gone.', schema: deleted } },
  problems: NOT_FOUND,
  async handle({ app, params }) {
    const id = params['id'] ?? ''
    const isDeleted = (await app.alarms?.delete(id)) ?? false
    return isDeleted ? ok({ id, object: 'alarm_channel', deleted: true }) : channelNotFound()
  },
})

const testChannel = operation({
  method: 'POST',
  path: '/v1/alarm_channels/{id}/test',
  id: 'testAlarmChannel',
  summary: 'Send a message over a channel now',
  description: 'Also over a disabled one. Nothing is stored.',
  scope: 'admin',
  answers: { 200: { description: 'What became of it.', schema: alarmTest } },
  problems: NOT_FOUND,
  handle: ({ app, params }) =>
    withAlarms(app, async (alarms) => {
      const result = await alarms.test(params['id'] ?? '')
      if (result === undefined) return channelNotFound()
      return ok({ object: 'alarm_test', told: result.error === null, error: result.error })
    }),
})

/** The operations of alarms. */
export const alarmOperations: readonly AnyOperation[] = [
  createChannel,
  listChannels,
  getChannel,
  updateChannel,
  deleteChannel,
  testChannel,
]

/** What the alarms refuse becomes a problem. */
async function withAlarms(
  { alarms }: AppContext,
  use: (alarms: Alarms) => Promise<Answer | Problem>,
  without: Problem = channelNotFound(),
): Promise<Answer | Problem> {
  if (alarms === null) return without
  try {
    return await use(alarms)
  } catch (error) {
    if (!(error instanceof ChannelInvalid)) throw error
    const { code, param, message } = error
    if (param === null) return conflict(code, message)
    return { status: 400, type: 'invalid_request_error', code, message, param }
  }
}

function found(app: AppContext, channel: AlarmChannel | undefined): Answer | Problem {
  return channel ? ok(channelJson(app, channel)) : channelNotFound()
}

function channelJson({ mode }: AppContext, channel: AlarmChannel) {
  const { id, type, name, hint, kinds, status, createdAt, updatedAt } = channel
  return {
    id,
    object: 'alarm_channel',
    livemode: mode === 'live',
    type,
    name,
    hint,
    kinds,
    status,
    created_at: formatRfc3339(createdAt),
    updated_at: formatRfc3339(updatedAt),
  }
}

function channelNotFound(): Problem {
  return notFound('alarm_channel_not_found', 'There is no alarm channel with this id.', 'id')
}
