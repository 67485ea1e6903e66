/**
 * What the terminal says of the back office while it has no owner: whoever can read the terminal of
 * a server is its owner.
 *
 * @module
 */

/**
 * Says how the first owner is made, or where the back office is.
 *
 * @param code The one-time code; `undefined` where there are users.
 */
export function describeConsole(publicUrl: string, code: string | undefined): string {
  const address = `${publicUrl.replace(/\/+$/, '')}/console`
  return code === undefined
    ? `Back office 商户后台: ${address}\n`
    : `Back office 商户后台: ${address} — it has no owner yet; make one there with this one-time code 一次性开通码: ${code}\n`
}
