// @ts-check
/**
 * Gives money back, in full or in part.
 *
 * @module
 */
import { byId, call, insist, parseYuan, Refused, texts, yuan } from './counter-api.js'

const dialog = byId('refund', HTMLDialogElement)
const form = byId('refund-form', HTMLFormElement)
const about = byId('refund-of', HTMLElement)
const failure = byId('refund-failure', HTMLElement)
const result = byId('refund-result', HTMLElement)
const close = byId('close-refund', HTMLButtonElement)
const submit = form.querySelector('button')

const LOOK_MS = 2_000

/** @type {{ id: string; amount_refundable: number } | undefined} */
let payment

/** @param {() => void} onChange Called after each refund, and each try of one. */
export function prepareRefund(onChange) {
  close.addEventListener('click', () => dialog.close())
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void refund().finally(onChange)
  })
}

/** @param {{ id: string; subject: string; amount: number; amount_refundable: number }} of */
export function openRefund(of) {
  payment = of
  form.reset()
  form.hidden = false
  failure.textContent = ''
  result.textContent = ''
  // A subject that turns the line around must not turn the amount, too.
  const subject = document.createElement('bdi')
  subject.textContent = of.subject
  about.replaceChildren(subject, ` · ¥${yuan(of.amount)}`)
  field('amount').value = (of.amount_refundable / 100).toFixed(2)
  dialog.showModal()
  field('amount').select()
}

async function refund() {
  if (payment === undefined || submit === null) return
  const amount = parseYuan(field('amount').value)
  failure.textContent = ''
  if (amount === undefined || amount === 0) {
    failure.textContent = texts.amountWrong
    return field('amount').focus()
  }
  const reason = field('reason').value.trim()
  submit.disabled = true
  try {
    const body = { payment: payment.id, amount, ...(reason !== '' && { reason }) }
    const answer = await insist('/v1/refunds', body, (message) => (failure.textContent = message))
    failure.textContent = ''
    if (answer.object === 'refund_request') result.textContent = texts.refundWaits
    else if (answer.status === 'succeeded') result.textContent = texts.refunded
    else {
      result.textContent = texts.refundUnderWay
      void follow(answer.id, payment)
    }
    // Pressed again it would be another refund.
    form.hidden = true
    close.focus()
  } catch (error) {
    failure.textContent = error instanceof Refused ? error.message : texts.failed
  } finally {
    submit.disabled = false
  }
}

/**
 * Alipay may take its time: what became of a refund is told as long as somebody looks.
 *
 * @param {string} id
 * @param {object} of
 */
async function follow(id, of) {
  const isLookedAt = () => dialog.open && payment === of
  while (isLookedAt()) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    const refund = await call('GET', `/v1/refunds/${id}`).catch(() => undefined)
    if (!isLookedAt() || refund?.status !== 'succeeded') continue
    result.textContent = texts.refunded
    return
  }
}

/** @param {string} name */
function field(name) {
  const input = form.elements.namedItem(name)
  if (input instanceof HTMLInputElement) return input
  throw new Error(`The form has no ${name}`)
}
