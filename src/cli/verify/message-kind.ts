/**
 * The kinds of message that `saoma verify` explains, and how they are told apart.
 *
 * @module
 */

/** What a message is. */
export type MessageKind = 'request' | 'answer' | 'notification' | 'service-message' | 'return-url'

/** All kinds, as `--as` takes them. */
export const MESSAGE_KINDS: readonly MessageKind[] = [
  'request',
  'answer',
  'notification',
  'service-message',
  'return-url',
]

/** What each kind is called, with the rule of its signature. */
export const KIND_NAMES: Readonly<Record<MessageKind, string>> = {
  request: 'a request to the gateway: signed are all parameters but sign and empty ones',
  answer: "an answer of the gateway: signed are the exact bytes of the method's node",
  notification: 'a trade notification: signed are all parameters but sign and sign_type',
  'service-message': 'a service message (服务窗, 生活号): signed are all parameters but sign',
  'return-url': 'a return URL: signed are all parameters but sign and sign_type',
}

/** Tells what a form with these parameters is; `undefined` if nothing tells. */
export function recognizeForm(names: ReadonlyMap<string, string>): MessageKind | undefined {
  const has = (...all: string[]): boolean => all.some((name) => names.has(name))
  if (has('notify_id', 'notify_type', 'notify_time')) return 'notification'
  if (names.get('method')?.endsWith('.return') === true) return 'return-url'
  if (has('service', 'msg_method')) return 'service-message'
  if (has('method', 'biz_content')) return 'request'
  if (has('trade_status')) return 'notification'
  if (has('sign') && has('trade_no', 'out_trade_no')) return 'return-url'
  return undefined
}
