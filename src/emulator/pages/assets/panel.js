// @ts-check
/**
 * The fault panel: shows what the emulator does and makes it misbehave.
 *
 * @module
 */
import { call, CallFailed, rows } from './api.js'
import { byId, fill, formatDuration, formatTime, h, pageData, repeat, show } from './dom.js'
import { formatYuan } from './money.js'

/** @typedef {{ name: string; scope: string; en: string; zh: string; methods?: string[] }} Fault */
/**
 * @typedef {object} ActiveFault
 * @property {string} id
 * @property {string} name
 * @property {string} [method]
 * @property {string} [out_trade_no]
 * @property {number} [times] Once where it is absent, unless it has a probability.
 * @property {number} [struck]
 * @property {number} [probability]
 * @property {number} [delay_ms]
 */

/** @type {import('../panel-page.ts').PanelData} */
const { language, panel: texts, common, settingChoices } = pageData()

const failure = byId('failure', HTMLElement)
const status = byId('status', HTMLElement)
const now = byId('now', HTMLTimeElement)

const REFRESH_MS = 2000

/**
 * What each part was last drawn from: a part is redrawn only when it changes, so that it keeps its
 * focus.
 */
const drawn = new Map()

start()

function start() {
  repeat(() => guarded(refresh), REFRESH_MS)
  byId('advances', HTMLElement).addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest('button') : null
    if (button !== null) void act(() => advance(Number(button.dataset['ms']), button.textContent))
  })
  byId('remove-all', HTMLElement).addEventListener('click', () => {
    void act(() => call('DELETE', 'faults'), texts.removed)
  })
  const random = byId('random', HTMLFormElement)
  random.addEventListener('submit', (event) => {
    event.preventDefault()
    if (!random.reportValidity()) return
    const form = new FormData(random)
    const body = { seed: Number(form.get('seed')), probability: Number(form.get('probability')) }
    void act(
      () => call('POST', 'faults/random', body),
      fill(texts.switchedOn, { name: texts.random }),
    )
  })
  byId('stop-random', HTMLElement).addEventListener('click', () => {
    const seed = Number(new FormData(random).get('seed'))
    void act(() => call('POST', 'faults/random', { seed, probability: 0 }), texts.removed)
  })
}

async function refresh() {
  const [faults, clock, settings, requests, notifications, trades, ledger] = await Promise.all(
    ['faults', 'clock', 'settings', 'requests', 'notifications', 'trades', 'ledger'].map((path) =>
      call('GET', path),
    ),
  )
  drawClock(clock)
  draw('catalogue', rows(faults, 'catalogue'), drawCatalogue)
  draw('active', rows(faults, 'active'), drawActive)
  draw('random', faults.random ?? null, drawRandom)
  draw('settings', settings, drawSettings)
  drawTable('requests', newestFirst(rows(requests, 'requests')))
  drawTable(
    'notifications',
    newestFirst(rows(notifications, 'notifications')).map(brief),
    resendButton,
  )
  drawTable('all-trades', newestFirst(rows(trades, 'trades')))
  drawTable('ledger', newestFirst(rows(ledger, 'entries')))
}

/**
 * @template T
 * @param {string} name
 * @param {T} value
 * @param {(value: T) => void} work
 */
function draw(name, value, work) {
  const text = JSON.stringify(value)
  if (drawn.get(name) === text) return
  drawn.set(name, text)
  work(value)
}

// --- faults ---

/** @param {Fault[]} catalogue */
function drawCatalogue(catalogue) {
  /** @type {Map<string, Fault[]>} */
  const groups = new Map()
  for (const fault of catalogue) {
    groups.set(fault.scope, [...(groups.get(fault.scope) ?? []), fault])
  }
  byId('catalogue', HTMLElement).replaceChildren(
    ...[...groups].flatMap(([scope, faults]) => [
      h('h3', {}, texts.scopes[scope] ?? scope),
      h('div', { class: 'fault-list' }, ...faults.map(faultEntry)),
    ]),
  )
}

/** @param {Fault} fault */
function faultEntry(fault) {
  const form = /** @type {HTMLFormElement} */ (
    h(
      'form',
      { class: 'inline-form' },
      fault.methods?.length === 0 ? undefined : field(texts.method, methodSelect(fault.methods)),
      field(
        texts.outTradeNo,
        h('input', {
          name: 'out_trade_no',
          placeholder: texts.outTradeNoHint,
          autocomplete: 'off',
        }),
      ),
      field(
        texts.times,
        h('input', {
          name: 'times',
          type: 'number',
          min: '1',
          step: '1',
          placeholder: texts.timesHint,
        }),
      ),
      field(
        texts.delay,
        h('input', { name: 'delay_ms', type: 'number', min: '0', step: '100', placeholder: '–' }),
      ),
      h('button', { class: 'button primary' }, texts.switchOn),
    )
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const given = [...new FormData(form)].filter(([, value]) => value !== '')
    const body = Object.fromEntries(
      given.map(([name, value]) => [
        name,
        name === 'times' || name === 'delay_ms' ? Number(value) : value,
      ]),
    )
    void act(
      () => call('POST', 'faults', { name: fault.name, ...body }),
      fill(texts.switchedOn, { name: fault.name }),
    )
  })
  const always = /** @type {HTMLInputElement} */ (
    h('input', {
      type: 'checkbox',
      role: 'switch',
      'data-fault': fault.name,
      'aria-label': fill(texts.alwaysNamed, { name: fault.name }),
    })
  )
  always.addEventListener('change', () => void switchFault(fault.name, always.checked))
  return h(
    'div',
    { class: 'fault' },
    h(
      'details',
      { name: 'fault' },
      h(
        'summary',
        {},
        h('span', { class: 'fault-text' }, language === 'zh' ? fault.zh : fault.en),
        h('code', {}, fault.name),
      ),
      form,
    ),
    always,
  )
}

/**
 * Has a fault strike always, or not any more.
 *
 * @param {string} name
 * @param {boolean} isOn
 */
function switchFault(name, isOn) {
  if (isOn) {
    const said = fill(texts.switchedOn, { name })
    return act(() => call('POST', 'faults', { name, probability: 1 }), said)
  }
  return act(async () => {
    // Asked anew: programs switch faults on, too.
    const active = rows(await call('GET', 'faults'), 'active').filter(
      (fault) => fault.name === name,
    )
    for (const { id } of active) await call('DELETE', `faults/${encodeURIComponent(id)}`)
  }, texts.removed)
}

/** The methods of the product, for a fault that does not name its own. */
const METHODS = [
  'precreate',
  'query',
  'cancel',
  'close',
  'refund',
  'fastpay.refund.query',
  'pay',
].map((name) => `alipay.trade.${name}`)

/** @param {string[] | undefined} methods */
function methodSelect(methods = METHODS) {
  return h(
    'select',
    { name: 'method' },
    h('option', { value: '' }, texts.anyMethod),
    ...methods.map((method) => h('option', { value: method }, method)),
  )
}

/**
 * @param {string} label
 * @param {HTMLElement} input
 */
function field(label, input) {
  return h('label', { class: 'field' }, h('span', {}, label), input)
}

/** @param {ActiveFault[]} faults */
function drawActive(faults) {
  for (const input of document.querySelectorAll('[data-fault]')) {
    if (!(input instanceof HTMLInputElement)) continue
    input.checked = faults.some(({ name }) => name === input.dataset['fault'])
  }
  byId('active', HTMLElement).replaceChildren(
    ...faults.map((fault) =>
      h(
        'li',
        {},
        h('div', {}, h('code', {}, fault.name), h('span', { class: 'muted' }, describe(fault))),
        h(
          'button',
          {
            type: 'button',
            class: 'button small',
            'aria-label': fill(texts.removeNamed, { name: fault.name }),
            onclick: () =>
              void act(
                () => call('DELETE', `faults/${encodeURIComponent(fault.id)}`),
                texts.removed,
              ),
          },
          texts.remove,
        ),
      ),
    ),
  )
  byId('no-active', HTMLElement).hidden = faults.length > 0
  byId('remove-all', HTMLElement).hidden = faults.length === 0
}

/** @param {ActiveFault} fault */
function describe(fault) {
  const times = fault.times ?? (fault.probability === undefined ? 1 : undefined)
  return [
    fault.method?.replace('alipay.trade.', ''),
    fault.out_trade_no,
    times === undefined
      ? texts.always
      : fill(texts.remainingTimes, { times: String(times - (fault.struck ?? 0)) }),
    fault.delay_ms === undefined ? undefined : `${fault.delay_ms} ms`,
  ]
    .filter((part) => part !== undefined)
    .join(' · ')
}

/** @param {{ seed: number; probability: number } | null | undefined} random */
function drawRandom(random) {
  const on = random !== null && random !== undefined && random.probability > 0
  byId('random-state', HTMLElement).textContent = on
    ? fill(texts.randomOn, { seed: String(random.seed), probability: String(random.probability) })
    : texts.randomOff
}

// --- clock and settings ---

/** @param {{ now: string | number; offset_ms: number }} clock */
function drawClock(clock) {
  now.dateTime = new Date(clock.now).toISOString()
  now.textContent = formatTime(clock.now)
  byId('offset', HTMLElement).textContent =
    clock.offset_ms > 0
      ? fill(texts.ahead, { duration: formatDuration(clock.offset_ms) })
      : texts.onTime
}

/**
 * @param {number} ms
 * @param {string} label
 */
async function advance(ms, label) {
  await call('POST', 'clock', { advance_ms: ms })
  status.textContent = fill(texts.advanced, { duration: label.replace('+', '') })
}

/** @param {Record<string, unknown>} settings */
function drawSettings(settings) {
  byId('settings', HTMLElement).replaceChildren(...Object.entries(settings).map(settingRow))
}

/** @param {[string, unknown]} setting */
function settingRow([name, value]) {
  const input = settingInput(name, value)
  input.addEventListener('change', () => {
    if (!input.reportValidity()) return
    void act(() => call('PATCH', 'settings', { [name]: settingValue(input, value) }), texts.saved)
  })
  return h(
    'label',
    { class: 'setting' },
    h('span', {}, texts.settingNames[name] ?? name, h('code', {}, name)),
    input,
  )
}

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {HTMLInputElement | HTMLSelectElement}
 */
function settingInput(name, value) {
  const choices = settingChoices[name]
  if (choices !== undefined) {
    const options = choices.map((choice) =>
      h(
        'option',
        { value: choice, selected: choice === value },
        texts.settingValues[choice] ?? choice,
      ),
    )
    return /** @type {HTMLSelectElement} */ (h('select', {}, ...options))
  }
  const attributes =
    typeof value === 'boolean'
      ? { type: 'checkbox', role: 'switch', checked: value }
      : typeof value === 'number'
        ? { type: 'number', min: '0', step: '1', required: true, value: String(value) }
        : { type: 'text', value: Array.isArray(value) ? value.join(' ') : String(value) }
  return /** @type {HTMLInputElement} */ (h('input', attributes))
}

/**
 * @param {HTMLInputElement | HTMLSelectElement} input
 * @param {unknown} before Its type is the type to send.
 */
function settingValue(input, before) {
  if (typeof before === 'boolean') return /** @type {HTMLInputElement} */ (input).checked
  if (typeof before === 'number') return Number(input.value)
  return Array.isArray(before)
    ? input.value.split(/\s+/).filter((part) => part !== '')
    : input.value
}

// --- tables ---

/**
 * @param {any[]} list
 * @returns {any[]}
 */
function newestFirst(list) {
  const time = (/** @type {any} */ row) =>
    new Date(row.time ?? row.created_at ?? row.paid_at ?? row.due_at ?? 0).getTime()
  return [...list].sort((a, b) => time(b) - time(a))
}

/**
 * Draws a table whose columns are the fields of its rows.
 *
 * @param {string} id
 * @param {any[]} list
 * @param {(row: any) => HTMLElement} [action] A button at the end of each row.
 */
function drawTable(id, list, action) {
  draw(id, list, () => {
    const columns = [...new Set(list.flatMap((row) => Object.keys(row)))].filter(
      (name) =>
        !HIDDEN.has(name) && list.some((row) => row[name] !== undefined && row[name] !== null),
    )
    const place = (/** @type {string} */ name) => FIRST.indexOf(name) + 1 || 99
    columns.sort((a, b) => place(a) - place(b))
    const region = byId(id, HTMLElement)
    region.hidden = list.length === 0
    byId(`${id}-empty`, HTMLElement).hidden = list.length > 0
    region.replaceChildren(
      h(
        'table',
        {},
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            ...columns.map((name) =>
              h('th', { scope: 'col', class: cellClass(name) }, texts.columns[name] ?? name),
            ),
            action && h('td'),
          ),
        ),
        h(
          'tbody',
          {},
          ...list
            .slice(0, 200)
            .map((row) =>
              h(
                'tr',
                {},
                ...columns.map((name) => cell(name, row[name])),
                action && h('td', {}, action(row)),
              ),
            ),
        ),
      ),
    )
  })
}

/** The order of columns: when and what first. */
const FIRST = [
  'time',
  'created_at',
  'method',
  'event',
  'out_trade_no',
  'subject',
  'amount',
  'paid',
  'refunded',
  'status',
  'code',
  'sub_code',
  'fault',
  'attempts',
]

/** Fields that are for programs. */
const HIDDEN = new Set(['fields', 'refunds', 'fee', 'body', 'seller_name'])

/** Fields whose values are words of ours. */
const CODED = new Set(['event', 'ended_by'])

/** @param {string} name */
function isAmount(name) {
  return /(^|_)(amount|paid|refunded)$/.test(name)
}

/** @param {string} name */
function cellClass(name) {
  return isAmount(name) ? 'number' : ''
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function cell(name, value) {
  if (name === 'attempts' && Array.isArray(value)) return h('td', {}, ...value.map(attempt))
  return h('td', { class: cellClass(name) }, cellText(name, value))
}

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {string | HTMLElement}
 */
function cellText(name, value) {
  if (typeof value === 'number' && isAmount(name)) return formatYuan(value)
  if (typeof value === 'number' || typeof value === 'string') {
    return /(^|_)(time|at)$/.test(name) && value !== ''
      ? formatTime(value)
      : textCell(name, String(value))
  }
  return value === undefined || value === null ? '' : JSON.stringify(value)
}

/**
 * @param {string} name
 * @param {string} text
 * @returns {string | HTMLElement}
 */
function textCell(name, text) {
  if (text === '') return ''
  switch (name) {
    case 'status':
      return h(
        'span',
        { class: `status status-${text}` },
        common.statuses[text] ?? texts.values[text] ?? text,
      )
    case 'fault':
      return h('span', { class: 'status status-fault' }, text)
    case 'code':
      return h('span', { class: text === '10000' ? 'code-ok' : 'code-refused' }, text)
    case 'method':
      return text.replace('alipay.trade.', '')
    default:
      return CODED.has(name) ? (texts.values[text] ?? text) : text
  }
}

/** @param {{ result?: string; status?: number | string; fault?: string; reply?: string }} send */
function attempt(send) {
  const good = send.result === 'success'
  const result = texts.values[send.result ?? ''] ?? send.result
  const text = [send.fault ?? result, send.status].filter((part) => part !== undefined).join(' ')
  return h(
    'span',
    { class: `status ${good ? 'status-TRADE_SUCCESS' : 'status-fault'}`, title: send.reply ?? '' },
    text,
  )
}

/**
 * A notification without the time of a next send where there is none.
 *
 * @param {any} notification
 */
function brief(notification) {
  return notification.status === 'pending' ? notification : { ...notification, due_at: undefined }
}

/** @param {{ notify_id: string }} notification */
function resendButton(notification) {
  const id = notification.notify_id
  return h(
    'button',
    {
      type: 'button',
      class: 'button small',
      'aria-label': fill(texts.resendNamed, { id }),
      onclick: () =>
        void act(
          () => call('POST', `notifications/${encodeURIComponent(id)}/resend`),
          texts.resent,
        ),
    },
    texts.resend,
  )
}

// --- around it all ---

/**
 * Does something, says so and shows the new state.
 *
 * @param {() => Promise<unknown>} work
 * @param {string} [said]
 */
async function act(work, said) {
  await guarded(async () => {
    await work()
    if (said !== undefined) status.textContent = said
    await refresh()
  })
}

/**
 * Runs `work`, and tells when the emulator refused or did not answer.
 *
 * @param {() => Promise<void>} work
 */
async function guarded(work) {
  try {
    await work()
    show(failure, undefined)
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error
    show(failure, error.message === '' ? common.unreachable : error.message)
  }
}
