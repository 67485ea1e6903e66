// @ts-check
/**
 * The wallet: chooses the buyer, scans, and pays or refuses.
 *
 * @module
 */
import { call, CallFailed, rows } from './api.js'
import { openCamera } from './camera.js'
import { byId, fill, formatDuration, formatTime, h, pageData, repeat, show } from './dom.js'
import { formatYuan, parseYuan } from './money.js'
import { showPaymentCode } from './payment-code.js'
import { readPicture } from './qr-image.js'

/** @typedef {{ id: string; name: string; logon_id: string; balance: number }} Buyer */
/**
 * @typedef {object} Trade
 * @property {string} trade_no
 * @property {string} out_trade_no
 * @property {string} subject
 * @property {string} [body]
 * @property {number} amount
 * @property {string} seller_name
 * @property {string | number} expires_at
 * @property {string} status
 * @property {string | number} created_at
 * @property {number} refunded
 */

/** @type {import('../wallet-page.ts').WalletData} */
const { language, wallet: texts, common } = pageData()

const failure = byId('failure', HTMLElement)
const buyerSelect = byId('buyer', HTMLSelectElement)
const tradeDialog = byId('trade', HTMLDialogElement)
const tradeContent = byId('trade-content', HTMLElement)
const scanDialog = byId('scan', HTMLDialogElement)
const topUpDialog = byId('top-up', HTMLDialogElement)
const topUpField = byId('top-up-amount', HTMLInputElement)
const topUpFailure = byId('top-up-failure', HTMLElement)
const video = byId('video', HTMLVideoElement)
const cameraStatus = byId('camera-status', HTMLElement)
const pictureStatus = byId('picture-status', HTMLElement)

const BUYER_KEY = 'saoma-emulator-buyer'

/** @type {Buyer[]} */
let buyers = []
/** @type {string} */
let buyerId = ''
/** What the emulator's clock is ahead of this machine's, in milliseconds. */
let clockAheadMs = 0
let stopCamera = () => {}
/** What the page was last drawn from: it is redrawn only when that changes. */
let drawn = ''

await start()

async function start() {
  await guarded(refreshBuyers)
  const query = new URLSearchParams(location.search)
  const wanted = [query.get('buyer'), localStorage.getItem(BUYER_KEY)]
  chooseBuyer(wanted.find((id) => buyers.some((buyer) => buyer.id === id)) ?? buyers[0]?.id ?? '')
  repeat(() => guarded(refresh), 3000)

  buyerSelect.addEventListener('change', () => {
    chooseBuyer(buyerSelect.value)
    void guarded(refresh)
  })
  byId('open-scan', HTMLElement).addEventListener('click', () => void openScan())
  byId('open-top-up', HTMLElement).addEventListener('click', openTopUp)
  byId('top-up-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault()
    void topUp()
  })
  byId('open-code', HTMLElement).addEventListener('click', () => {
    void showPaymentCode({
      buyer: buyerId,
      now: emulatorNow,
      unreachable: () => common.unreachable,
      onTrade: (trade) => {
        showTrade(trade)
        void guarded(refresh)
      },
    })
  })
  for (const dialog of document.querySelectorAll('dialog')) closeOnBackdrop(dialog)
  listenForPictures()
  scanDialog.addEventListener('close', () => stopCamera())
  tradeDialog.addEventListener('close', forgetCode)

  const code = query.get('code')
  if (code !== null) await scan(code)
}

// --- buyers and trades ---

async function refreshBuyers() {
  buyers = rows(await call('GET', 'buyers'), 'buyers')
}

/** @param {string} id */
function chooseBuyer(id) {
  buyerId = id
  if (id !== '') localStorage.setItem(BUYER_KEY, id)
  drawBuyer()
}

function currentBuyer() {
  return buyers.find((buyer) => buyer.id === buyerId)
}

function drawBuyer() {
  const options = buyers.map(({ id, name }) =>
    h('option', { value: id, selected: id === buyerId }, name),
  )
  buyerSelect.replaceChildren(...options)
  const buyer = currentBuyer()
  byId('balance', HTMLElement).textContent = buyer === undefined ? '–' : groupYuan(buyer.balance)
  byId('logon-id', HTMLElement).textContent = buyer?.logon_id ?? ''
}

/**
 * An amount for reading, with thousands set apart.
 *
 * @param {number} amount
 */
function groupYuan(amount) {
  return formatYuan(amount).replace(/\B(?=(\d{3})+\.)/g, ',')
}

async function refresh() {
  await refreshBuyers()
  const answer = await call('GET', `wallet/trades?buyer=${encodeURIComponent(buyerId)}`)
  const text = JSON.stringify([buyers, buyerId, answer])
  if (text === drawn) return
  drawn = text
  drawBuyer()
  drawTrades(rows(answer, 'trades'))
}

/** @param {Trade[]} trades */
function drawTrades(trades) {
  byId('trades', HTMLElement).replaceChildren(...trades.slice(0, 20).map(tradeRow))
  byId('no-trades', HTMLElement).hidden = trades.length > 0
}

/** @param {Trade} trade */
function tradeRow(trade) {
  const waiting = trade.status === 'WAIT_BUYER_PAY'
  const content = [
    h('span', { class: 'trade-subject' }, trade.subject),
    h(
      'span',
      { class: 'trade-amount' },
      `${waiting || (trade.status === 'TRADE_CLOSED' && trade.refunded === 0) ? '' : '-'}${groupYuan(trade.amount)}`,
    ),
    h('span', { class: 'trade-meta' }, formatTime(trade.created_at)),
    h('span', { class: `status status-${trade.status}` }, statusText(trade)),
  ]
  return h(
    'li',
    {},
    waiting
      ? h(
          'button',
          { type: 'button', class: 'trade-row', onclick: () => showTrade(trade) },
          ...content,
        )
      : h('div', { class: 'trade-row' }, ...content),
  )
}

/** @param {Trade} trade */
function statusText(trade) {
  if (trade.refunded > 0)
    return trade.refunded < trade.amount ? texts.partlyRefunded : texts.refunded
  return common.statuses[trade.status] ?? trade.status
}

// --- scanning ---

async function openScan() {
  cameraStatus.textContent = texts.cameraStarting
  pictureStatus.textContent = texts.pictureHint
  scanDialog.showModal()
  const camera = await openCamera(video, (text) => void scan(text))
  byId('viewfinder', HTMLElement).dataset['camera'] = camera.status
  if (camera.status === 'open') {
    stopCamera = camera.stop
    cameraStatus.textContent = texts.cameraHint
    if (!scanDialog.open) camera.stop()
  } else {
    cameraStatus.textContent = {
      insecure: texts.cameraInsecure,
      denied: texts.cameraDenied,
      missing: texts.cameraMissing,
    }[camera.status]
  }
}

function listenForPictures() {
  for (const id of ['photo', 'picture']) {
    const input = byId(id, HTMLInputElement)
    input.addEventListener('change', () => {
      void scanPicture(input.files?.[0])
      input.value = ''
    })
  }
  addEventListener('dragover', (event) => event.preventDefault())
  addEventListener('drop', (event) => {
    event.preventDefault()
    void scanPicture(event.dataTransfer?.files[0])
  })
  addEventListener('paste', (event) => {
    const file = event.clipboardData?.files[0]
    if (file !== undefined) void scanPicture(file)
  })
  const form = byId('paste', HTMLFormElement)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const field = form.elements.namedItem('text')
    if (!(field instanceof HTMLInputElement)) return
    const text = field.value.trim()
    if (text === '') return field.focus()
    field.value = ''
    void scan(text)
  })
}

/** @param {File | undefined} file */
async function scanPicture(file) {
  if (file === undefined || tradeDialog.open) return
  if (!scanDialog.open) await openScan()
  pictureStatus.textContent = texts.pictureReading
  const text = await readPicture(file)
  if (text === undefined) pictureStatus.textContent = texts.pictureUnreadable
  else await scan(text)
}

/**
 * Hands a code to the emulator and shows what it stands for.
 *
 * @param {string} code The QR code's text, or the bare code.
 */
async function scan(code) {
  scanDialog.close()
  await guarded(async () => {
    showResult(await call('POST', 'wallet/scan', { buyer: buyerId, code }))
    await refresh()
  })
}

// --- the trade's sheet ---

/**
 * Shows a trade that already exists: one to pay, or one that the seller made of a payment code.
 *
 * @param {Trade} trade
 */
function showTrade(trade) {
  if (trade.status === 'WAIT_BUYER_PAY') return showReady(trade)
  if (trade.status === 'TRADE_CLOSED') return showOutcome('closed', trade)
  showOutcome('paid', trade)
}

/** @param {{ status: string; trade?: Trade; message?: string; message_zh?: string }} result */
function showResult(result) {
  if (result.status === 'ready' && result.trade !== undefined) return showReady(result.trade)
  showOutcome(result.status, result.trade, language === 'zh' ? result.message_zh : result.message)
}

/** @param {Trade} trade */
function showReady(trade) {
  const countdown = h('dd', { class: 'numbers' }, '–')
  const pay = h('button', { type: 'button', class: 'button primary wide' }, texts.payNow)
  const refuse = h('button', { type: 'button', class: 'button wide' }, texts.refuse)
  pay.addEventListener('click', () => {
    pay.textContent = texts.paying
    void act([pay, refuse], trade, 'wallet/pay')
  })
  refuse.addEventListener('click', () => void act([pay, refuse], trade, 'wallet/refuse'))
  showSheet(
    texts.payTitle,
    h(
      'p',
      { class: 'sheet-amount' },
      h('span', { class: 'currency' }, '¥'),
      formatYuan(trade.amount),
    ),
    h(
      'dl',
      { class: 'facts' },
      ...fact(texts.seller, trade.seller_name),
      ...fact(texts.subject, trade.subject),
      ...fact(texts.orderNumber, trade.out_trade_no),
      h('dt', {}, texts.remaining),
      countdown,
    ),
    h('div', { class: 'sheet-buttons' }, pay, refuse),
  )
  pay.focus()
  void countDown(trade, countdown)
}

/**
 * Follows the emulator's clock, which the fault panel may move, until the sheet shows something
 * else.
 *
 * @param {Trade} trade
 * @param {HTMLElement} countdown
 */
async function countDown(trade, countdown) {
  const expiresAt = new Date(trade.expires_at).getTime()
  while (tradeDialog.open && countdown.isConnected) {
    const left = expiresAt - (await emulatorNow())
    if (!countdown.isConnected) return
    if (left <= 0) return showOutcome('expired', trade)
    countdown.textContent = formatDuration(left)
    countdown.classList.toggle('urgent', left < 60_000)
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}

/**
 * @param {HTMLElement[]} buttons
 * @param {Trade} trade
 * @param {string} path
 */
async function act(buttons, trade, path) {
  for (const button of buttons) button.setAttribute('disabled', '')
  const done = await guarded(async () => {
    const result = await call('POST', path, { buyer: buyerId, trade_no: trade.trade_no })
    await refresh()
    if (result.status === 'insufficient_funds') showInsufficient(trade)
    else showResult({ ...result, trade: result.trade ?? trade })
  })
  if (!done) {
    tradeDialog.close()
    failure.focus()
  }
}

/**
 * Shows how it ended, or why it cannot go on.
 *
 * @param {string} status
 * @param {Trade} [trade]
 * @param {string} [message] The emulator's own words, for a status that the page has none for.
 */
function showOutcome(status, trade, message) {
  const known = /** @type {Record<string, [string, string, string]>} */ ({
    paid: ['success', texts.paidTitle, fill(texts.paidText, { seller: trade?.seller_name ?? '' })],
    refused: ['neutral', texts.refusedTitle, texts.refusedText],
    expired: ['warning', texts.expiredTitle, texts.expiredText],
    closed: ['neutral', texts.closedTitle, texts.closedText],
    other_buyer: ['warning', texts.otherBuyerTitle, texts.otherBuyerText],
    already_paid: ['success', texts.alreadyPaidTitle, texts.alreadyPaidText],
    not_found: ['warning', texts.notFoundTitle, texts.notFoundText],
  })
  const [tone, title, text] = known[status] ?? ['warning', status, message ?? '']
  const done = h(
    'button',
    { type: 'button', class: 'button primary wide', onclick: () => tradeDialog.close() },
    texts.done,
  )
  showSheet(
    '',
    h(
      'div',
      { class: `outcome outcome-${tone}` },
      mark(tone),
      h('h2', { id: 'trade-title' }, title),
      amountOf(trade),
      h('p', { class: 'muted' }, text),
    ),
    trade === undefined ? undefined : tradeFacts(trade),
    h('div', { class: 'sheet-buttons' }, done),
  )
  done.focus()
}

/** @param {Trade} trade */
function showInsufficient(trade) {
  const balance = currentBuyer()?.balance ?? 0
  const missing = Math.max(1, trade.amount - balance)
  // Filled up to the next hundred yuan, as people do.
  const added = Math.ceil(missing / 10_000) * 10_000
  const more = h(
    'button',
    { type: 'button', class: 'button primary wide' },
    fill(texts.topUpAndPay, { amount: formatYuan(added) }),
  )
  const refuse = h('button', { type: 'button', class: 'button wide' }, texts.refuse)
  more.addEventListener('click', () => {
    void guarded(async () => {
      await call('PUT', `buyers/${encodeURIComponent(buyerId)}`, { balance: balance + added })
      await act([more, refuse], trade, 'wallet/pay')
    })
  })
  refuse.addEventListener('click', () => void act([more, refuse], trade, 'wallet/refuse'))
  const text = fill(texts.insufficientText, {
    balance: formatYuan(balance),
    missing: formatYuan(missing),
  })
  showSheet(
    '',
    h(
      'div',
      { class: 'outcome outcome-warning' },
      mark('warning'),
      h('h2', { id: 'trade-title' }, texts.insufficientTitle),
      amountOf(trade),
      h('p', { class: 'muted' }, text),
    ),
    h('div', { class: 'sheet-buttons' }, more, refuse),
  )
  more.focus()
}

/**
 * @param {string} title Empty where the content has its own heading.
 * @param {...(HTMLElement | undefined)} content
 */
function showSheet(title, ...content) {
  const close = h(
    'button',
    {
      type: 'button',
      class: 'icon-button',
      'aria-label': texts.close,
      onclick: () => tradeDialog.close(),
    },
    closeIcon(),
  )
  tradeContent.replaceChildren(
    h(
      'header',
      { class: 'sheet-top' },
      title === '' ? h('span') : h('h2', { id: 'trade-title' }, title),
      close,
    ),
    ...content.filter((element) => element !== undefined),
  )
  if (!tradeDialog.open) tradeDialog.showModal()
}

/** @param {Trade | undefined} trade */
function amountOf(trade) {
  if (trade === undefined) return undefined
  return h(
    'p',
    { class: 'sheet-amount' },
    h('span', { class: 'currency' }, '¥'),
    formatYuan(trade.amount),
  )
}

/** @param {Trade} trade */
function tradeFacts(trade) {
  return h(
    'dl',
    { class: 'facts' },
    ...fact(texts.subject, trade.subject),
    ...fact(texts.orderNumber, trade.out_trade_no),
    ...fact(texts.tradeNumber, trade.trade_no),
  )
}

/**
 * @param {string} name
 * @param {string | undefined} value
 */
function fact(name, value) {
  return value === undefined || value === '' ? [] : [h('dt', {}, name), h('dd', {}, value)]
}

/** @param {string} tone */
function mark(tone) {
  const paths = {
    success: ['M6 12.5l4 4 8-9'],
    neutral: ['M7 12h10'],
    warning: ['M12 6.5v7', 'M12 17.2h.01'],
  }
  return drawIcon('outcome-mark', paths[/** @type {keyof typeof paths} */ (tone)])
}

function closeIcon() {
  return drawIcon('', ['M6 6l12 12', 'M18 6L6 18'])
}

/**
 * @param {string} className
 * @param {string[]} paths
 */
function drawIcon(className, paths) {
  const namespace = 'http://www.w3.org/2000/svg'
  const svg = document.createElementNS(namespace, 'svg')
  const attributes = {
    class: className,
    viewBox: '0 0 24 24',
    width: '24',
    height: '24',
    fill: 'none',
    stroke: 'currentColor',
    'stroke-width': '2',
    'stroke-linecap': 'round',
    'stroke-linejoin': 'round',
    'aria-hidden': 'true',
  }
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value)
  for (const d of paths) {
    const path = document.createElementNS(namespace, 'path')
    path.setAttribute('d', d)
    svg.append(path)
  }
  return svg
}

/** A code that has been dealt with leaves the address, so that a reload does not scan it again. */
function forgetCode() {
  const url = new URL(location.href)
  url.searchParams.delete('code')
  history.replaceState(null, '', url)
}

// --- topping up ---

function openTopUp() {
  topUpField.value = formatYuan(currentBuyer()?.balance ?? 0)
  show(topUpFailure, undefined)
  topUpDialog.showModal()
  topUpField.select()
}

async function topUp() {
  const balance = parseYuan(topUpField.value)
  if (balance === undefined) {
    show(topUpFailure, texts.topUpInvalid)
    topUpField.focus()
    return
  }
  topUpDialog.close()
  await guarded(async () => {
    await call('PUT', `buyers/${encodeURIComponent(buyerId)}`, { balance })
    await refresh()
  })
}

// --- around it all ---

async function emulatorNow() {
  const { now } = await call('GET', 'clock').catch(() => ({ now: undefined }))
  if (now !== undefined) clockAheadMs = new Date(now).getTime() - Date.now()
  return Date.now() + clockAheadMs
}

/** @param {HTMLDialogElement} dialog */
function closeOnBackdrop(dialog) {
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close()
  })
}

/**
 * Runs `work`, and tells when the emulator did not answer.
 *
 * @param {() => Promise<void>} work
 * @returns {Promise<boolean>} Whether it went through.
 */
async function guarded(work) {
  try {
    await work()
    show(failure, undefined)
    return true
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error
    show(failure, error.message === '' ? common.unreachable : error.message)
    return false
  }
}
