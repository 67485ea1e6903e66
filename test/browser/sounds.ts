/**
 * What a page plays and says.
 *
 * @module
 */
import type { Page } from 'playwright-core'

/** Keeps what the page plays and says in `heard`, for a test has no ears. */
export async function listenForSounds(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const heard: string[] = []
    const scope = globalThis as unknown as {
      heard: string[]
      OscillatorNode: {
        prototype: { start: (this: { frequency: { value: number } }) => void; stop: () => void }
      }
      speechSynthesis: { speak(words: { text: string }): void }
    }
    scope.heard = heard
    // A test needs not hear it.
    scope.OscillatorNode.prototype.start = function () {
      heard.push(`note ${this.frequency.value}`)
    }
    scope.OscillatorNode.prototype.stop = () => {}
    scope.speechSynthesis.speak = ({ text }) => void heard.push(text)
  })
}
