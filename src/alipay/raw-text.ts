/**
 * The exact text behind what was verified, for who keeps evidence. It holds buyer data, so it hangs
 * beside the object and not in it: no log, no `inspect` and no JSON shows it.
 *
 * @module
 */

/**
 * The text that Alipay's signature was checked over: of an answer the node's JSON (decrypted where
 * it came encrypted), of a message the raw form.
 *
 * @param proven The very answer that a call of the client resolved to, the `node` of a
 *   `RequestRefused`, or a `VerifiedNotification`. A copy of one is not proven.
 * @returns `undefined` for anything else.
 */
export function rawText(proven: object): string | undefined {
  return texts.get(proven)
}

/** Remembers the text for as long as the object lives; returns the object. */
export function keepRawText<Proven extends object>(proven: Proven, text: string): Proven {
  texts.set(proven, text)
  return proven
}

const texts = new WeakMap<object, string>()
