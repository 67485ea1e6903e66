// @ts-check
/**
 * The cashier page on a counter's screen: everything by one key, and a sound when it is paid.
 *
 * @module
 */
import { announcePayment, enableSound } from './payment-sound.js'

const soundHint = document.getElementById('sound')

/** What a key presses. */
const KEYS = /** @type {Record<string, string>} */ ({
  Enter: '#check button, #retry button',
  r: '#retry button',
  l: '#language',
  p: '#print',
})

addEventListener('keydown', ({ key, target, ctrlKey, metaKey, altKey }) => {
  void hear()
  if (ctrlKey || metaKey || altKey) return
  // Enter on a button is the button's own.
  if (key === 'Enter' && target instanceof Element && target.closest('a, button')) return
  const selector = KEYS[key.length === 1 ? key.toLowerCase() : key]
  const button = selector === undefined ? null : document.querySelector(selector)
  if (button instanceof HTMLElement) button.click()
})

addEventListener('checkout', (event) => {
  if (!(event instanceof CustomEvent) || event.detail !== 'paid') return
  const amount = Number(document.getElementById('checkout')?.dataset['amount'])
  announcePayment(amount, document.documentElement.lang)
})

async function hear() {
  const isHeard = await enableSound()
  if (soundHint !== null) soundHint.hidden = isHeard
}

// A kiosk's browser may be set to allow it from the start.
await hear()
