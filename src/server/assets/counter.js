// @ts-check
/**
 * The counter: signs in, takes the amount from keys or touch and the buyer's code from a barcode
 * gun, and shows the last orders.
 *
 * @module
 */
import {
  byId,
  call,
  insist,
  parseYuan,
  randomName,
  Refused,
  texts,
  useApp,
  yuan,
} from './counter-api.js'
import {
  closeCharge,
  followCharge,
  isCharging,
  openCharge,
  prepareCharge,
  showChanging,
  showSending,
  showTrouble,
} from './counter-charge.js'
import { openRefund, prepareRefund } from './counter-refund.js'
import { enableSound } from './payment-sound.js'

const signIn = byId('sign-in', HTMLFormElement)
const till = byId('till', HTMLElement)
const display = byId('amount', HTMLOutputElement)
const subject = byId('subject', HTMLInputElement)
const failure = byId('failure', HTMLElement)
const orders = byId('orders', HTMLElement)

/** A gun types faster than anybody: no longer than this between two of its keys. */
const GUN_GAP_MS = 50

/** The payment code of a buyer's app. */
const PAYMENT_CODE = /^(?:2[5-9]|30)\d{14,22}$/

const REFRESH_MS = 10_000

/** Where this browser keeps which application its till is of. */
const KEPT_APP = 'saoma-counter-app'

const NOTHING = { keys: '', before: '', at: -Infinity }

/** The amount as typed. */
let typed = ''
/** What came at the speed of a gun, and the amount before it. */
let burst = NOTHING
/** @type {string[]} */
let scopes = []
let operatorId = ''

await start()

async function start() {
  signIn.addEventListener('submit', (event) => {
    event.preventDefault()
    void enter()
  })
  byId('sign-out', HTMLElement).addEventListener('click', () => {
    void call('DELETE', '/console/api/session').finally(() => location.reload())
  })
  for (const event of ['keydown', 'pointerdown']) addEventListener(event, () => void enableSound())
  addEventListener('keydown', onKey)
  byId('keypad', HTMLElement).addEventListener('click', ({ target }) => {
    const key = target instanceof Element ? target.closest('button')?.dataset['key'] : undefined
    if (key !== undefined) press(key)
  })
  prepareRefund(() => void refresh())
  try {
    open(await call('GET', '/console/api/session'))
  } catch (error) {
    signIn.hidden = false
    const answer = error instanceof Refused && 'answer' in error ? error.answer : {}
    byId('needs-owner', HTMLElement).hidden =
      /** @type {{ needs_owner?: boolean }} */ (answer).needs_owner !== true
  }
}

// --- signing in ---

async function enter() {
  const failed = byId('sign-in-failure', HTMLElement)
  failed.textContent = ''
  try {
    open(
      await call(
        'POST',
        '/console/api/session',
        Object.fromEntries([...new FormData(signIn)].filter(([, value]) => value !== '')),
      ),
    )
  } catch (error) {
    failed.textContent = error instanceof Refused ? error.message : texts.failed
    if (error instanceof Refused && error.code === 'totp_required') {
      byId('totp', HTMLElement).hidden = false
      byId('totp', HTMLElement).querySelector('input')?.focus()
    }
  }
}

/**
 * Opens the till of an application: of the one that is there, of the one that this till was opened
 * for before, or of the one that is chosen now.
 *
 * @param {any} session
 */
function open(session) {
  signIn.hidden = true
  byId('who', HTMLElement).textContent = session.user.name
  byId('sign-out', HTMLElement).hidden = false
  byId('test-mode', HTMLElement).hidden = session.livemode
  const { apps } = session
  const kept = localStorage.getItem(KEPT_APP)
  const app = apps.length === 1 ? apps[0] : apps.find((/** @type {any} */ { id }) => id === kept)
  if (app === undefined) return choose(session)
  if (apps.length > 1) {
    const other = byId('other-shop', HTMLElement)
    other.hidden = false
    other.addEventListener('click', () => {
      // What is under way belongs to the shop before: the page begins anew.
      localStorage.removeItem(KEPT_APP)
      location.reload()
    })
  }
  openTill(session, app)
}

/**
 * Asks which application the till takes money for.
 *
 * @param {any} session
 */
function choose(session) {
  byId('shops', HTMLElement).hidden = false
  byId('shop-list', HTMLElement).replaceChildren(
    ...session.apps.map((/** @type {any} */ app) => {
      const element = text('button', '', nameOf(app))
      element.setAttribute('type', 'button')
      element.addEventListener('click', () => {
        localStorage.setItem(KEPT_APP, app.id)
        byId('shops', HTMLElement).hidden = true
        open(session)
      })
      return element
    }),
  )
}

/** @param {any} app */
function nameOf({ name, app_id: appId }) {
  return name ?? appId ?? ''
}

/**
 * @param {any} session
 * @param {any} app
 */
function openTill(session, app) {
  if (session.apps.length > 1) useApp(app.id)
  scopes = session.scopes
  operatorId = session.user.id.slice(0, 28)
  till.hidden = false
  byId('shop', HTMLElement).textContent = nameOf(app)
  if (!scopes.includes('payments:create')) failure.textContent = texts.noScope
  prepareCharge({
    mayCancel: scopes.includes('payments:create') || scopes.includes('payments:write'),
    onClose: () => void refresh(),
  })
  void refresh()
  setInterval(() => {
    if (!document.hidden) void refresh()
  }, REFRESH_MS)
}

// --- the amount ---

/** @param {KeyboardEvent} event */
function onKey(event) {
  const { key, target, ctrlKey, metaKey, altKey } = event
  if (till.hidden || ctrlKey || metaKey || altKey) return
  if (document.querySelector('dialog[open]:not(#charge)') !== null) return
  if (target instanceof HTMLInputElement) return
  // A button's own key, unless a gun ends its code with it.
  const isOnControl = target instanceof Element && target.closest('a, button') !== null
  if (key === 'Enter' && takeScan()) return event.preventDefault()
  if (isCharging()) return note(event)
  if (isOnControl && (key === 'Enter' || key === ' ')) return
  if (!/^[\d.]$/.test(key) && !['Enter', 'Backspace', 'Escape'].includes(key)) return
  event.preventDefault()
  // Who types an amount means the till, and not the button that he pressed before.
  if (isOnControl && target instanceof HTMLElement) target.blur()
  note(event)
  press(key)
}

/**
 * Notices what comes too fast for a person.
 *
 * @param {KeyboardEvent} event
 */
function note({ key, timeStamp: at }) {
  const isDigit = /^\d$/.test(key)
  const goesOn = isDigit && at - burst.at < GUN_GAP_MS
  // Any other key is a person's, and whatever is read begins after it.
  if (goesOn) burst = { ...burst, keys: burst.keys + key, at }
  else burst = { keys: isDigit ? key : '', before: typed, at: isDigit ? at : -Infinity }
}

/** Takes what the gun has read, if it was the gun. Says whether it was. */
function takeScan() {
  const { keys, before } = burst
  burst = NOTHING
  if (!PAYMENT_CODE.test(keys)) return false
  if (isCharging()) {
    void chargeInstead(keys)
    return true
  }
  write(before)
  void charge(keys)
  return true
}

/** @param {string} key */
function press(key) {
  failure.textContent = ''
  if (key === 'Enter') return void charge()
  untaken = false
  if (key === 'Escape') return write('')
  if (key === 'Backspace') return write(typed.slice(0, -1))
  const text = (typed + key).replace(/^0+(?=\d)/, '').replace(/^\./, '0.')
  if (parseYuan(text) !== undefined) write(text)
}

/** @param {string} text */
function write(text) {
  typed = text
  const [whole = '', ...part] = text.split('.')
  const grouped = (whole === '' ? '0' : whole).replace(/\B(?=(\d{3})+$)/g, ',')
  const number = display.querySelector('b')
  if (number !== null) number.textContent = [grouped, ...part].join('.')
}

// --- the sale ---

/**
 * A sale keeps its reference when the buyer changes the way he pays, and one reference is paid
 * once: whatever goes wrong here, the server does not take it twice.
 *
 * @typedef {object} Sale
 * @property {number} amount
 * @property {string} subject
 * @property {string} reference
 * @property {string} [authCode] What the gun has read; without it our code is shown.
 * @property {string} [insteadOf] The payment that gives way to it.
 */

/** @type {Sale | undefined} */
let sale
/** A sale that was not taken, and whose amount stands there to be tried again. */
let untaken = false

/** Between two tries to end the payment before, in milliseconds. */
const CLOSING_MS = 1500

/** @param {string} [authCode] What the gun has read; without it our code is shown. */
async function charge(authCode) {
  const amount = parseYuan(typed) ?? 0
  if (amount === 0) {
    failure.textContent = authCode === undefined ? texts.amountWrong : texts.amountFirst
    return
  }
  const { reference } = (untaken && sale) || { reference: newReference() }
  const about = subject.value.trim() || texts.defaultSubject
  showSending(amount)
  await make({ amount, subject: about, reference, ...(authCode !== undefined && { authCode }) })
}

/**
 * The buyer shows his own code instead of scanning ours: ours is ended first, and his is charged
 * only if nobody has paid by ours.
 *
 * @param {string} authCode
 */
async function chargeInstead(authCode) {
  const before = openCharge()
  if (before === 'over') {
    closeCharge()
    failure.textContent = texts.amountFirst
  }
  // A gun easily reads a code twice.
  if (typeof before !== 'object' || sale === undefined || authCode === sale.authCode) return
  showChanging(sale.amount)
  await make({ ...sale, authCode, insteadOf: before.id }, before)
}

/**
 * Makes the payment of a sale.
 *
 * @param {Sale} made
 * @param {any} [before] The payment that gives way to it.
 */
async function make(made, before) {
  sale = made
  const { amount, reference, authCode, insteadOf } = made
  const body = {
    amount,
    subject: made.subject,
    reference,
    operator_id: operatorId,
    ...(authCode !== undefined && { auth_code: authCode }),
    ...(insteadOf !== undefined && { instead_of: insteadOf }),
  }
  try {
    for (;;) {
      try {
        const payment = await insist('/v1/payments', body, showTrouble)
        untaken = false
        write('')
        subject.value = ''
        return followCharge(payment)
      } catch (error) {
        // Alipay has not said yet that nobody has paid by the code before.
        if (!(error instanceof Refused) || error.code !== 'payment_closing') throw error
        if (!isCharging()) return
        await new Promise((resolve) => setTimeout(resolve, CLOSING_MS))
      }
    }
  } catch (error) {
    if (error instanceof Refused && error.code === 'reference_already_paid' && before) {
      return followCharge(before, texts.paidAlready)
    }
    closeCharge()
    untaken = true
    write(String(amount / 100))
    failure.textContent = error instanceof Refused ? error.message : texts.failed
    if (error instanceof Refused && error.code === 'not_signed_in') location.reload()
  }
}

/** Names a sale: when it was, by Beijing's clock, and what no other has. */
function newReference() {
  const at = new Date(Date.now() + 8 * 3_600_000).toISOString().replaceAll(/\D/g, '').slice(0, 14)
  return `S${at}-${randomName().toUpperCase()}`
}

// --- the last orders ---

let drawn = ''

async function refresh() {
  try {
    const { data } = await call('GET', '/v1/payments?limit=12')
    const text = JSON.stringify(data)
    // What has not changed keeps its focus.
    if (text === drawn) return
    drawn = text
    orders.replaceChildren(...data.map(row))
    byId('no-orders', HTMLElement).hidden = data.length > 0
  } catch (error) {
    if (error instanceof Refused && error.status === 401) location.reload()
  }
}

/** @param {any} payment */
function row(payment) {
  const state = stateOf(payment)
  const item = document.createElement('li')
  const main = text('div', 'what', '')
  // A subject that turns the line around turns nothing but itself.
  main.append(text('bdi', '', payment.subject), text('span', 'when', time(payment.created_at)))
  item.append(
    main,
    text('span', 'sum', `¥${yuan(payment.amount)}`),
    text('span', `badge ${state}`, texts.states[state] ?? state),
  )
  if (['created', 'pending', 'closing'].includes(payment.status)) {
    item.append(button(texts.askNow, payment, () => reopen(payment)))
  } else if (payment.amount_refundable > 0 && scopes.includes('refunds:create')) {
    item.append(button(texts.refund, payment, () => openRefund(payment)))
  }
  return item
}

/**
 * Goes on with an order that is open: it can be paid in another way, too.
 *
 * @param {any} payment
 */
function reopen(payment) {
  const { amount, subject: what, reference } = payment
  sale = reference === null ? undefined : { amount, subject: what, reference }
  followCharge(payment)
}

/** @param {any} payment */
function stateOf({ status, amount, amount_refunded: refunded }) {
  if (status !== 'succeeded' || refunded === 0) return status
  return refunded >= amount ? 'refunded' : 'partly_refunded'
}

/** @param {string} instant */
function time(instant) {
  return new Date(instant).toLocaleString(document.documentElement.lang, {
    timeZone: 'Asia/Shanghai',
    month: 'numeric',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  })
}

/**
 * @param {string} label
 * @param {any} payment
 * @param {() => void} onClick
 */
function button(label, payment, onClick) {
  const element = text('button', '', label)
  element.setAttribute('type', 'button')
  element.setAttribute('aria-label', `${label} ${payment.subject} ¥${yuan(payment.amount)}`)
  element.addEventListener('click', onClick)
  return element
}

/**
 * An element with a text, which can never become markup.
 *
 * @param {string} tag
 * @param {string} className
 * @param {string} content
 */
function text(tag, className, content) {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = content
  return element
}
