/**
 * Where alarms go to.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'
import type { AlarmFilter } from './alarm-kinds.ts'

/** The ways to people: three robots of chat programs, mail, and a program of their own. */
export const CHANNEL_TYPES = ['dingtalk', 'wecom', 'feishu', 'email', 'webhook'] as const

/** A way to people. */
export type ChannelType = (typeof CHANNEL_TYPES)[number]

/** Channels of one application. */
export const CHANNELS_MAX = 20

/** What a channel is reached by. All of it is sealed: the address of a robot is a password. */
export type ChannelSettings =
  | {
      readonly type: 'dingtalk' | 'wecom' | 'feishu' | 'webhook'
      readonly url: string
      /** DingTalk's and Feishu's 加签 secret; `whsec_…` of a webhook. WeCom has none. */
      readonly secret?: string | undefined
    }
  | {
      readonly type: 'email'
      /** `smtp://` or `smtps://user:password@host:port`. */
      readonly url: string
      readonly from: string
      readonly to: readonly string[]
    }

/** A channel, without what is secret. */
export interface AlarmChannel {
  /** `alc_…`. */
  readonly id: string
  readonly type: ChannelType
  /** For people. */
  readonly name: string
  /** What it is recognised by: the host it goes to. */
  readonly hint: string
  readonly kinds: AlarmFilter
  readonly status: 'enabled' | 'disabled'
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

/** A channel as it is kept. */
export interface StoredChannel extends AlarmChannel {
  /** JSON of its settings, sealed for its id. */
  readonly sealedSettings: string
}

/** A channel cannot be so. */
export class ChannelInvalid extends Error {
  readonly code: 'channel_invalid' | 'too_many_channels'
  readonly outcome = 'not_applied'
  /** The field at fault; `null` where it is none. */
  readonly param: string | null

  constructor(code: ChannelInvalid['code'], param: string | null, message: string) {
    super(message)
    this.name = 'ChannelInvalid'
    this.code = code
    this.param = param
  }
}
