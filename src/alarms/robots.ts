/**
 * What the robots of DingTalk, WeCom and Feishu are sent, and how they say yes. Pure: no network.
 *
 * @module
 * @see {@link https://open.dingtalk.com/document/robots/custom-robot-access}
 * @see {@link https://developer.work.weixin.qq.com/document/path/91770}
 * @see {@link https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot}
 */

import { createHmac } from 'node:crypto'
import type { Instant } from '../alipay/index.ts'

/** A robot. */
export interface Robot {
  readonly type: 'dingtalk' | 'wecom' | 'feishu'
  readonly url: string
  /** 加签; WeCom has none. */
  readonly secret?: string | undefined
}

/** What is posted, as JSON. */
export interface RobotRequest {
  readonly url: string
  readonly body: object
}

/** Bytes of a text that WeCom takes; the others take more. */
export const ROBOT_TEXT_BYTES = 2_048

/** The request that has a robot say a text. */
export function robotRequest(
  { type, url, secret }: Robot,
  text: string,
  at: Instant,
): RobotRequest {
  const said = cut(text)
  switch (type) {
    case 'dingtalk':
      return {
        url: secret === undefined ? url : signedByDingtalk(url, secret, at),
        body: { msgtype: 'text', text: { content: said } },
      }
    case 'wecom':
      return { url, body: { msgtype: 'text', text: { content: said } } }
    case 'feishu':
      return {
        url,
        body: {
          ...(secret !== undefined && signedByFeishu(secret, at)),
          msg_type: 'text',
          content: { text: said },
        },
      }
  }
}

/**
 * Whether a robot has said it: all three answer 200 also where they have not.
 *
 * @returns Why not; `null` if it has.
 */
export function robotRefusal(type: Robot['type'], status: number, answer: string): string | null {
  if (status !== 200) return `answered ${status}`
  const parsed = parse(answer)
  const code = type === 'feishu' ? (parsed['code'] ?? parsed['StatusCode']) : parsed['errcode']
  if (code === 0) return null
  if (typeof code !== 'number') return 'answered what no robot answers: check the address'
  return `refused it with code ${code}${EXPLAINED[`${type} ${code}`] ?? ''}`
}

/** What the commonest codes mean, for who set the robot up. */
const EXPLAINED: Readonly<Record<string, string>> = {
  'dingtalk 310000': ': the secret (加签), the keyword or the IP list does not fit',
  'dingtalk 300005': ': the token in the address is wrong',
  'dingtalk 130101': ': too many messages a minute',
  'wecom 93000': ': the key in the address is wrong',
  'wecom 45009': ': too many messages a minute',
  'feishu 19021': ': the secret (签名校验) does not fit, or the clock is wrong',
  'feishu 19001': ': the address is wrong',
  'feishu 19024': ': the keyword does not fit',
  'feishu 9499': ': too many messages a minute',
}

/** HMAC of time and secret by the secret, in the address; milliseconds. */
function signedByDingtalk(address: string, secret: string, at: Instant): string {
  const url = new URL(address)
  url.searchParams.set('timestamp', String(at))
  url.searchParams.set('sign', hmac(secret, `${at}\n${secret}`))
  return url.href
}

/** HMAC of nothing, by time and secret as the key, in the body; seconds. */
function signedByFeishu(secret: string, at: Instant) {
  const timestamp = String(Math.floor(at / 1000))
  return { timestamp, sign: hmac(`${timestamp}\n${secret}`, '') }
}

function hmac(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64')
}

/** No character is cut in two. */
function cut(text: string): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= ROBOT_TEXT_BYTES) return text
  return `${new TextDecoder().decode(bytes.subarray(0, ROBOT_TEXT_BYTES - 4), { stream: true })}…`
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
