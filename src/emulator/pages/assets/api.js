// @ts-check
/**
 * The emulator's control API, as the pages call it.
 *
 * @module
 */

/**
 * An answer that is no outcome the page has a branch for; `message` is the emulator's, where it
 * sent one.
 */
export class CallFailed extends Error {}

/**
 * Calls the control API.
 *
 * @param {'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} method
 * @param {string} path Below `/_emulator/`.
 * @param {unknown} [body] Sent as JSON. Writes always have a body: the API takes them as JSON
 *   alone, which no other site's form can send.
 * @returns {Promise<any>} The JSON of the answer, also of a refusal that carries a `status`.
 * @throws {CallFailed} If there is no such answer.
 */
export async function call(method, path, body = {}) {
  let response
  try {
    response = await fetch(`/_emulator/${path}`, {
      method,
      cache: 'no-store',
      ...(method === 'GET'
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
  } catch {
    throw new CallFailed('')
  }
  const answer = await response.json().catch(() => undefined)
  if (response.ok || typeof answer?.status === 'string') return answer ?? {}
  throw new CallFailed(answer?.message ?? answer?.error?.message ?? '')
}

/**
 * The rows of a list, which comes under its name or by itself.
 *
 * @param {any} answer
 * @param {string} name
 * @returns {any[]}
 */
export function rows(answer, name) {
  const list = Array.isArray(answer) ? answer : answer?.[name]
  return Array.isArray(list) ? list : []
}
