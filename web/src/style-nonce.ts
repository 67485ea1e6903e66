/**
 * The policy of the page takes style elements by their nonce alone. Ant Design gives it to most of
 * its own, but not to those that lock scrolling and measure scroll bars while a dialog is open.
 *
 * @module
 */

/** The nonce that the server has put into the page. */
export const nonce =
  document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''

/** Has every style element that scripts of this page make carry the nonce. */
export function nameStyles(): void {
  const make = document.createElement.bind(document)
  document.createElement = (name: string, options?: ElementCreationOptions): HTMLElement => {
    const element = make(name, options)
    if (element instanceof HTMLStyleElement) element.nonce = nonce
    return element
  }
}
