// @ts-check
/**
 * Shows saoma's cashier page inside a shop's page, and tells the shop what happens there. What it
 * tells is for the screen: that a payment was made is proved by the webhook or the API alone.
 *
 *     <script src="https://pay.example.com/embed.js"></script>
 *     <div data-saoma-checkout="https://pay.example.com/c/…"></div>
 */
;(() => {
  /**
   * @typedef {object} Change
   * @property {string} state As the cashier page shows it: `waiting`, `scanned`, `paid`, …
   * @property {boolean} final Whether nothing more will come.
   * @property {number} amount Fen.
   */

  /**
   * Puts a cashier page into an element.
   *
   * @param {HTMLElement} container Also gets the events `saoma:change` and, once, `saoma:paid`.
   * @param {object} options
   * @param {string} options.url The payment's `checkout_url`.
   * @param {string | undefined} [options.language] `zh` or `en`. Default: the browser's.
   * @param {string | undefined} [options.theme] `light` or `dark`. Default: the machine's.
   * @param {string | undefined} [options.title] What the frame is called to those who do not see
   *   it.
   * @param {(change: Change) => void} [options.onChange]
   * @returns {{ close(): void }}
   */
  function mount(container, { url, language, theme, title = '支付宝付款 Alipay', onChange }) {
    const address = new URL(url, location.href)
    if (language) address.searchParams.set('lang', language)
    if (theme) address.searchParams.set('theme', theme)
    const frame = document.createElement('iframe')
    frame.src = address.href
    frame.title = title
    Object.assign(frame.style, { width: '100%', height: '640px', border: '0', display: 'block' })
    let state = ''
    // At each load, for a new code is a new page.
    frame.addEventListener('load', () => {
      frame.contentWindow?.postMessage({ saoma: 'hello' }, address.origin)
    })
    addEventListener('message', hear)
    container.replaceChildren(frame)
    return {
      close() {
        removeEventListener('message', hear)
        frame.remove()
      },
    }

    /** @param {MessageEvent} event */
    function hear({ source, origin, data }) {
      if (source !== frame.contentWindow || origin !== address.origin) return
      if (data?.saoma !== 'checkout') return
      frame.style.height = `${data.height}px`
      if (data.state === state) return
      state = data.state
      const change = { state, final: data.final, amount: data.amount }
      onChange?.(change)
      for (const name of state === 'paid' ? ['change', 'paid'] : ['change']) {
        container.dispatchEvent(new CustomEvent(`saoma:${name}`, { detail: change, bubbles: true }))
      }
    }
  }

  function mountAll() {
    for (const container of document.querySelectorAll('[data-saoma-checkout]')) {
      if (!(container instanceof HTMLElement) || container.firstElementChild) continue
      const { saomaCheckout: url = '', language, theme, title } = container.dataset
      mount(container, { url, language, theme, title })
    }
  }

  Object.assign(globalThis, { saoma: { mount } })
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', mountAll)
  else mountAll()
})()
