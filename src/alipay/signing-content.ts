/**
 * The text that a signature covers, made from parameters. Three rules, one function each; none of
 * them tries another when it fails.
 *
 * @module
 * @see Alipay: 自行实现签名 (how to sign yourself), 异步通知验签 (checking a notification)
 */

/**
 * The text of a _request_: every parameter but `sign` and those that are empty, sorted by name,
 * joined as `name=value` with `&`. `sign_type` takes part. Values are raw: not URL-encoded, not
 * trimmed.
 */
export function requestSigningContent(params: Readonly<Record<string, string>>): string {
  return join(Object.entries(params).filter(([name, value]) => name !== 'sign' && value !== ''))
}

/**
 * The text of a _notification_ or of a return URL. Every parameter that arrived takes part, empty
 * ones too, but
 *
 * - Rule V1 (trade notifications, return URLs): `sign` and `sign_type`;
 * - Rule V2 (service messages, 服务窗): `sign`.
 */
export function notificationSigningContent(
  params: Iterable<readonly [name: string, value: string]>,
  rule: 'V1' | 'V2',
): string {
  return join(
    [...params].filter(([name]) => name !== 'sign' && (rule === 'V2' || name !== 'sign_type')),
  )
}

/**
 * Sorted by UTF-16 code unit, which is byte order for the ASCII names that there are: capitals come
 * first.
 */
function join(params: (readonly [string, string])[]): string {
  params.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return params.map(([name, value]) => `${name}=${value}`).join('&')
}
