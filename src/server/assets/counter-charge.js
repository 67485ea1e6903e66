// @ts-check
/**
 * One sale, from the code that fills the screen to the voice that says it is paid.
 *
 * @module
 */
import { basePath, byId, call, Refused, texts, yuan } from './counter-api.js'
import { announcePayment } from './payment-sound.js'

const dialog = byId('charge', HTMLDialogElement)
const amount = byId('charge-amount', HTMLElement)
const title = byId('charge-title', HTMLElement)
const code = byId('charge-code', HTMLElement)
const image = byId('charge-image', HTMLImageElement)
const left = byId('charge-left', HTMLElement)
const failure = byId('charge-failure', HTMLElement)
const note = byId('charge-note', HTMLElement)
const next = byId('next', HTMLButtonElement)
const askNow = byId('ask-now', HTMLButtonElement)
const cancel = byId('cancel-sale', HTMLButtonElement)
const close = byId('close-charge', HTMLButtonElement)

const POLL_MS = 2000

/** Ends the following of the sale that is shown. */
let stop = () => {}
let mayCancel = false
/**
 * The payment that is shown.
 *
 * @type {{ payment: Sold; ask: () => Promise<void>; isFinal: () => boolean } | undefined}
 */
let shown

/**
 * A payment of the counter.
 *
 * @typedef {object} Sold
 * @property {string} id
 * @property {number} amount
 * @property {string} method
 * @property {string} checkout_url
 */

/**
 * What the counter hears of a payment's cashier page.
 *
 * @typedef {object} Checkout
 * @property {number} version
 * @property {string} state
 * @property {boolean} final
 * @property {number} amount
 * @property {string} title
 * @property {string | null} qr_code
 * @property {number} expires_in_ms
 */

/** @param {{ mayCancel: boolean; onClose: () => void }} options */
export function prepareCharge({ mayCancel: may, onClose }) {
  mayCancel = may
  dialog.addEventListener('close', () => {
    stop()
    onClose()
  })
  for (const button of [next, close]) button.addEventListener('click', () => dialog.close())
  askNow.addEventListener('click', () => void work(askNow, 'sync'))
  cancel.addEventListener('click', () => void work(cancel, 'cancel'))
}

/**
 * Fills the screen while the server makes the payment.
 *
 * @param {number} fen
 */
export function showSending(fen) {
  showWork('sending', fen, texts.sending)
}

/** Whether a sale fills the screen. */
export function isCharging() {
  return dialog.open
}

/**
 * The payment that is shown, if it can still give way to another.
 *
 * @returns {Sold | 'over' | undefined} `undefined` while it is being made.
 */
export function openCharge() {
  if (shown === undefined) return undefined
  return shown.isFinal() ? 'over' : shown.payment
}

/**
 * Fills the screen while the payment that was shown gives way to another.
 *
 * @param {number} fen
 */
export function showChanging(fen) {
  showWork('changing', fen, texts.changing)
}

/**
 * Fills the screen while the server is at work.
 *
 * @param {'sending' | 'changing'} state
 * @param {number} fen
 * @param {string} text
 */
function showWork(state, fen, text) {
  stop()
  shown = undefined
  draw({ state, amount: fen, title: text })
  note.textContent = ''
  if (!dialog.open) dialog.showModal()
}

/** @param {string} message */
export function showTrouble(message) {
  failure.textContent = message
}

export function closeCharge() {
  dialog.close()
}

/**
 * Follows a payment until it is over, or the cashier turns to the next.
 *
 * @param {Sold} payment
 * @param {string} [remark] What the cashier has to know beside.
 */
export function followCharge(payment, remark = '') {
  stop()
  note.textContent = remark
  const address = `${basePath}/c/${new URL(payment.checkout_url).pathname.split('/').at(-1)}`
  const query = `?lang=${document.documentElement.lang.slice(0, 2)}`
  let version = -1
  let final = false
  let heard = false
  let deadline = Number.POSITIVE_INFINITY

  /** @param {Checkout} checkout */
  const show = (checkout) => {
    if (checkout.version < version) return
    const wasPaid = dialog.dataset['state'] === 'paid'
    version = checkout.version
    final = checkout.final
    deadline = Date.now() + checkout.expires_in_ms
    const url = checkout.qr_code === null ? '' : `${address}/qr.svg`
    draw({ ...checkout, title: titleOf(checkout, payment.method), url })
    if (remark === '') note.textContent = url === '' ? '' : texts.orScan
    tick()
    if (checkout.state === 'paid' && !wasPaid) {
      announcePayment(checkout.amount, document.documentElement.lang)
    }
    if (!final) return
    end()
    // One key goes on, however it ended.
    next.focus()
  }
  const ask = async () => {
    try {
      show(await call('GET', `${address.slice(basePath.length)}/status${query}`))
      failure.textContent = ''
    } catch (error) {
      showTrouble(error instanceof Refused ? error.message : texts.failed)
    }
  }
  const tick = () => {
    const seconds = Math.max(0, Math.ceil((deadline - Date.now()) / 1000))
    left.hidden = dialog.dataset['state'] !== 'waiting' && dialog.dataset['state'] !== 'scanned'
    const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
    left.textContent = `${texts.timeLeft} ${text}`
    // A code whose time is over is not shown, whether or not the server can be reached.
    if (seconds === 0) code.hidden = true
  }

  const events = new EventSource(`${address}/events${query}`)
  events.addEventListener('message', ({ data }) => {
    heard = true
    show(JSON.parse(data))
  })
  events.addEventListener('error', () => {
    heard = false
  })
  const ticking = setInterval(tick, 250)
  const polling = setInterval(() => {
    if (!final && (!heard || Date.now() >= deadline)) void ask()
  }, POLL_MS)
  const end = () => {
    events.close()
    clearInterval(ticking)
    clearInterval(polling)
  }
  stop = end
  shown = { payment, ask, isFinal: () => final }
  if (!dialog.open) dialog.showModal()
}

/**
 * Has something done with the payment that is shown, then shows what has become of it.
 *
 * @param {HTMLButtonElement} button
 * @param {'sync' | 'cancel'} what
 */
async function work(button, what) {
  if (shown === undefined) return
  const { payment, ask } = shown
  button.disabled = true
  failure.textContent = ''
  try {
    await call('POST', `/v1/payments/${payment.id}/${what}`)
    await ask()
  } catch (error) {
    showTrouble(error instanceof Refused ? error.message : texts.failed)
  } finally {
    button.disabled = false
  }
}

/**
 * @param {Checkout} checkout
 * @param {string} method
 */
function titleOf({ state, title: given }, method) {
  if (state === 'paid') return texts.received
  if (state === 'waiting') return texts.askCode
  if (state === 'scanned') return method === 'barcode' ? texts.askedBarcode : texts.askedCode
  return given
}

/** @param {{ state: string; amount: number; title: string; url?: string }} sale */
function draw({ state, amount: fen, title: text, url = '' }) {
  dialog.dataset['state'] = state
  amount.textContent = `¥${yuan(fen)}`
  if (title.textContent !== text) title.textContent = text
  code.hidden = url === ''
  if (url !== '' && image.getAttribute('src') !== url) {
    image.src = url
    image.alt = texts.askCode
  }
  const isOpen = ['preparing', 'waiting', 'scanned', 'confirming'].includes(state)
  const isAtWork = state === 'sending' || state === 'changing'
  const isOver = !isOpen && !isAtWork
  next.hidden = !isOver
  close.hidden = isOver || state === 'sending'
  askNow.hidden = !isOpen
  cancel.hidden = !isOpen || !mayCancel
  left.hidden = true
  if (isAtWork) failure.textContent = ''
}
