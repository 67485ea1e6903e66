// @ts-check
/**
 * Small things for building pages: elements, texts, times.
 *
 * @module
 */

/**
 * Makes an element. Text goes in as text nodes, so nothing from outside can become markup.
 *
 * @param {string} tag
 * @param {Record<string, string | boolean | EventListener>} [attributes] `on…` adds a listener;
 *   true sets an empty attribute, false none.
 * @param {...(Node | string | undefined)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value)
    else if (value !== false) element.setAttribute(name, value === true ? '' : value)
  }
  element.append(...children.filter((child) => child !== undefined))
  return element
}

/**
 * The element with an id, of the class that is expected.
 *
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id)
  if (element instanceof type) return element
  throw new Error(`The page has no ${type.name} with the id ${id}`)
}

/**
 * Shows a text in an alert or status, or hides it where there is none.
 *
 * @param {HTMLElement} element
 * @param {string | undefined} text
 */
export function show(element, text) {
  element.textContent = text ?? ''
  element.hidden = text === undefined
}

/** What the server left for this page's script. */
export function pageData() {
  return JSON.parse(document.body.dataset['page'] ?? '{}')
}

/**
 * Fills `{name}` in a text.
 *
 * @param {string} text
 * @param {Record<string, string>} values
 * @returns {string}
 */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole)
}

/**
 * A point in time, as milliseconds or RFC 3339, in Beijing: `11-23 10:00:05`.
 *
 * @param {string | number} time
 * @returns {string}
 */
export function formatTime(time) {
  return beijing.format(new Date(time)).replace(/\//g, '-').replace(',', '')
}

const beijing = new Intl.DateTimeFormat('zh-CN', {
  timeZone: 'Asia/Shanghai',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

/**
 * A length of time as `mm:ss`, or `h:mm:ss` from an hour on; never negative.
 *
 * @param {number} ms
 * @returns {string}
 */
export function formatDuration(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  if (parts[0] === 0) parts.shift()
  return parts
    .map((part, index) =>
      index === 0 && parts.length === 3 ? String(part) : String(part).padStart(2, '0'),
    )
    .join(':')
}

/**
 * Runs `work` now and then every `intervalMs` while the page is visible; the next run starts after
 * the last one ended.
 *
 * @param {() => Promise<unknown>} work
 * @param {number} intervalMs
 * @returns {() => void} Ends it.
 */
export function repeat(work, intervalMs) {
  let stopped = false
  const run = async () => {
    if (stopped) return
    if (!document.hidden) await work()
    setTimeout(run, intervalMs)
  }
  void run()
  return () => {
    stopped = true
  }
}
