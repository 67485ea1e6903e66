// @ts-check
/**
 * What the counter asks of the server: the session, and the merchant API with it.
 *
 * @module
 */

/** @type {import('../counter/page.ts').CounterData} */
export const { basePath, texts } = JSON.parse(document.body.dataset['page'] ?? '{}')

let csrf = ''
let appId = ''

/**
 * Which application all calls mean from now on.
 *
 * @param {string} id
 */
export function useApp(id) {
  appId = id
}

/** A refusal, in words for the one at the till. */
export class Refused extends Error {
  /**
   * @param {number} status 0 where the server could not be reached.
   * @param {{ code?: string; alipay?: { sub_msg: string } | null }} error
   */
  constructor(status, { code = '', alipay }) {
    const known = texts.errors[code] ?? texts.failed
    super(status === 0 ? texts.unreachable : (alipay?.sub_msg ?? known))
    this.status = status
    this.code = code
  }
}

/**
 * Calls the server.
 *
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @param {string} [idempotencyKey] The same for each try of one wish.
 * @returns {Promise<any>}
 * @throws {Refused}
 */
export async function call(method, path, body, idempotencyKey) {
  /** @type {Record<string, string>} */
  const headers = { accept: 'application/json', 'x-csrf-token': csrf }
  if (appId !== '') headers['saoma-app'] = appId
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
  const response = await fetch(basePath + path, init).catch(() => undefined)
  if (response === undefined) throw new Refused(0, {})
  const answer = response.status === 204 ? {} : await response.json().catch(() => ({}))
  if (!response.ok) {
    throw Object.assign(new Refused(response.status, answer.error ?? {}), { answer })
  }
  if (typeof answer.csrf === 'string') csrf = answer.csrf
  return answer
}

/**
 * Does one thing until it is known what became of it: the same request with the same key is never
 * done twice.
 *
 * @param {string} path
 * @param {object} body
 * @param {(message: string) => void} onTrouble Told at each try that got no answer.
 */
export async function insist(path, body, onTrouble) {
  const key = randomName()
  for (;;) {
    try {
      return await call('POST', path, body, key)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const isUnknown = error.status === 0 || error.status >= 500
      if (!isUnknown && error.code !== 'request_in_progress') throw error
      onTrouble(error.message)
      await new Promise((resolve) => setTimeout(resolve, 1500))
    }
  }
}

/** What no other has; `randomUUID` is not there where a shop's network is plain http. */
export function randomName() {
  const parts = crypto.getRandomValues(new Uint32Array(3))
  return Array.from(parts, (part) => part.toString(36)).join('')
}

/**
 * The element with an id, of the class that is expected.
 *
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id)
  if (element instanceof type) return element
  throw new Error(`The page has no ${type.name} with the id ${id}`)
}

/**
 * Yuan with commas between thousands.
 *
 * @param {number} fen
 */
export function yuan(fen) {
  return (fen / 100).toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ',')
}

/**
 * Fen of an amount as people type it; `undefined` for what is none.
 *
 * @param {string} text
 */
export function parseYuan(text) {
  const [, whole, part = ''] = /^(\d{1,8})(?:\.(\d{0,2}))?$/.exec(text.trim()) ?? []
  if (whole === undefined) return undefined
  return Number(whole) * 100 + Number(part.padEnd(2, '0'))
}
