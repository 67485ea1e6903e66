// @ts-check
/**
 * The dialog with the buyer's payment code (付款码), which the seller scans.
 *
 * @module
 */
import { call, rows } from './api.js'
import { byId, fill, pageData, show } from './dom.js'

/** @type {import('../wallet-page.ts').WalletData} */
const { wallet: texts } = pageData()

const dialog = byId('code', HTMLDialogElement)
const bars = byId('code-bars', HTMLImageElement)
const image = byId('code-image', HTMLImageElement)
const digits = byId('code-digits', HTMLElement)
const seconds = byId('code-seconds', HTMLElement)
const copy = byId('code-copy', HTMLButtonElement)
const failure = byId('code-failure', HTMLElement)

let code = ''

copy.addEventListener('click', () => void copyDigits())
// Browsers have a clipboard only over HTTPS or on this machine.
copy.hidden = navigator.clipboard === undefined

/**
 * Shows the code and renews it until the dialog is closed or the seller has used it.
 *
 * @param {object} options
 * @param {string} options.buyer
 * @param {() => Promise<number>} options.now The emulator's time, in milliseconds.
 * @param {() => string} options.unreachable The text for an emulator that does not answer.
 * @param {(trade: any) => void} options.onTrade Called once, with the trade that the seller made of
 *   the code.
 */
export async function showPaymentCode({ buyer, now, unreachable, onTrade }) {
  let expiresAt = 0
  /** @type {Set<string> | undefined} */
  let known
  dialog.showModal()
  while (dialog.open) {
    try {
      const trades = rows(
        await call('GET', `wallet/trades?buyer=${encodeURIComponent(buyer)}`),
        'trades',
      )
      const made =
        known === undefined ? undefined : trades.find(({ trade_no }) => !known?.has(trade_no))
      if (made !== undefined && dialog.open) {
        dialog.close()
        onTrade(made)
        return
      }
      known ??= new Set(trades.map(({ trade_no }) => trade_no))
      const time = await now()
      if (time >= expiresAt) {
        const answer = await call('POST', 'wallet/payment-code', { buyer })
        expiresAt = new Date(answer.expires_at).getTime()
        draw(String(answer.payment_code))
      }
      const left = Math.max(0, Math.ceil((expiresAt - time) / 1000))
      seconds.textContent = fill(texts.codeSeconds, { seconds: String(left) })
      show(failure, undefined)
    } catch {
      show(failure, unreachable())
    }
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}

/** @param {string} text */
function draw(text) {
  code = text
  digits.textContent = text.replace(/(\d{4})(?=\d)/g, '$1 ')
  const url = `/wallet/payment-code.svg?code=${encodeURIComponent(text)}`
  bars.src = `${url}&as=barcode`
  image.src = url
  copy.textContent = texts.codeCopy
}

async function copyDigits() {
  await navigator.clipboard.writeText(code)
  copy.textContent = texts.copied
}
