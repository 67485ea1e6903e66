// @ts-check
/**
 * Says aloud that money has come: two notes, then the amount in words where the machine has a voice
 * for the language. The notes need no voice, so there is always something to hear.
 *
 * @module
 */

/** @type {AudioContext | undefined} */
let audio

/**
 * Lets the page make sounds. Browsers allow it only while a key, a click or a touch is handled.
 *
 * @returns {Promise<boolean>} Whether it can be heard now.
 */
export async function enableSound() {
  audio ??= new AudioContext()
  // Where nothing was touched yet the promise stays open, so it is not waited for.
  void audio.resume()
  await new Promise((resolve) => setTimeout(resolve, 50))
  return audio.state === 'running'
}

/**
 * @param {number} amount Fen.
 * @param {string} language `zh-CN` or `en`.
 */
export function announcePayment(amount, language) {
  chime()
  speak(paymentWords(amount, language), language)
}

/**
 * What is said: 支付宝到账18.5元. Zeros that nobody says are left out.
 *
 * @param {number} amount Fen.
 * @param {string} language
 */
export function paymentWords(amount, language) {
  const yuan = String(amount / 100)
  return language.startsWith('zh') ? `支付宝到账${yuan}元` : `Alipay payment received: ${yuan} yuan`
}

function chime() {
  if (audio?.state !== 'running') return
  const start = audio.currentTime
  for (const [index, frequency] of [784, 1175].entries()) {
    const at = start + index * 0.16
    const note = audio.createOscillator()
    const volume = audio.createGain()
    note.frequency.value = frequency
    volume.gain.setValueAtTime(0, at)
    volume.gain.linearRampToValueAtTime(0.4, at + 0.01)
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.5)
    note.connect(volume).connect(audio.destination)
    note.start(at)
    note.stop(at + 0.5)
  }
}

/**
 * @param {string} text
 * @param {string} language
 */
function speak(text, language) {
  if (!('speechSynthesis' in window)) return
  const words = new SpeechSynthesisUtterance(text)
  words.lang = language === 'en' ? 'en-US' : language
  // What is still being said of the payment before is over.
  speechSynthesis.cancel()
  speechSynthesis.speak(words)
}
