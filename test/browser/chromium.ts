/**
 * The browser that pages are tested and measured in.
 *
 * @module
 */
import { chromium, type Browser } from 'playwright-core'

/** Where it is; empty where there is none. */
export const executablePath = process.env['SAOMA_CHROMIUM'] ?? ''

/** Nothing that nobody asks for. */
const ALONE = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-extensions',
  '--disable-sync',
  '--no-first-run',
  '--mute-audio',
]

/** Starts one. Who calls this also closes it. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ALONE })
}
