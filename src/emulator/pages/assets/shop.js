// @ts-check
/**
 * Orders without leaving the page until the cashier page is known, so that an error loses no input
 * and the browser may go on to any host. Without this script the form does the same by a redirect.
 *
 * @module
 */
import { byId, pageData, show } from './dom.js'

/** @type {{ busy: string; orderFailed: string }} */
const texts = pageData()
const error = byId('order-error', HTMLElement)

for (const form of document.querySelectorAll('form')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void order(form, event.submitter)
  })
}

// A page that comes back out of the browser's memory would still show its buttons as busy.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload()
})

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} button
 */
async function order(form, button) {
  if (!(button instanceof HTMLButtonElement) || document.body.classList.contains('busy')) return
  const label = button.textContent
  document.body.classList.add('busy')
  button.textContent = texts.busy
  show(error, undefined)
  const failure = await send(form, button)
  if (failure === undefined) return
  document.body.classList.remove('busy')
  button.textContent = label
  show(error, failure)
  const amount = form.elements.namedItem('amount')
  if (amount instanceof HTMLInputElement) amount.focus()
  else error.scrollIntoView({ block: 'center' })
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLButtonElement} button
 * @returns {Promise<string | undefined>} What went wrong.
 */
async function send(form, button) {
  const entries = /** @type {[string, string][]} */ ([...new FormData(form, button)])
  try {
    const response = await fetch(form.action, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams(entries),
    })
    const answer = await response.json()
    if (!response.ok) return answer.message ?? texts.orderFailed
    location.assign(answer.checkout_url)
    return undefined
  } catch {
    return texts.orderFailed
  }
}
