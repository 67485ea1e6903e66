/**
 * The channels of alarms, as the commands show them.
 *
 * @module
 */

import type { Environment } from './configuration.ts'
import { connect } from './merchant-api.ts'
import { columns, printable } from './output.ts'

interface Channel {
  readonly id: string
  readonly type: string
  readonly name: string
  readonly hint: string
  readonly status: string
  readonly kinds: '*' | readonly string[]
}

interface Shown {
  readonly folder: string
  readonly json: boolean
}

/** What `saoma alarms list` prints. */
export async function listChannels(env: Environment, { folder, json }: Shown): Promise<string> {
  const { data } = await connect(env, folder).call<{ data: Channel[] }>('GET', '/alarm_channels')
  if (json) return `${JSON.stringify(data)}\n`
  if (data.length === 0) return 'Nobody is alarmed yet: make a channel, POST /v1/alarm_channels.\n'
  const rows = data.map(({ id, type, name, hint, status, kinds }) => {
    const told = kinds === '*' ? 'everything' : kinds.join(', ')
    return [id, printable(`${type} ${hint}  ${name}  ${status}  ${told}`)] as const
  })
  return `${columns(rows)}\n`
}

/** Sends a message over one channel, or over all. */
export async function testChannels(
  env: Environment,
  id: string | undefined,
  { folder, json }: Shown,
): Promise<{ readonly text: string; readonly allTold: boolean }> {
  const api = connect(env, folder)
  const ids =
    id === undefined
      ? (await api.call<{ data: Channel[] }>('GET', '/alarm_channels')).data.map((one) => one.id)
      : [id]
  const results = await Promise.all(
    ids.map(async (channel) => {
      const path = `/alarm_channels/${encodeURIComponent(channel)}/test`
      const { told, error } = await api.call<{ told: boolean; error: string | null }>('POST', path)
      return { channel, told, error }
    }),
  )
  const lines = results.map(({ channel, told, error }) => {
    return [channel, told ? 'told' : `not told: ${printable(error ?? '')}`] as const
  })
  const text = lines.length === 0 ? 'There are no channels.' : columns(lines)
  return {
    text: json ? `${JSON.stringify(results)}\n` : `${text}\n`,
    allTold: results.length > 0 && results.every(({ told }) => told),
  }
}
