/**
 * How the cashier page is to look, from the environment: the merchant's picture, colour and
 * corners, and the sites that may frame it.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { checkLook, type CashierLook, type Logo } from '../server/index.ts'
import { Failure } from './failure.ts'

const TYPES: Readonly<Record<string, Logo['type']>> = {
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
}

/** It is 40 pixels wide, and buyers wait for it. */
const LOGO_BYTES = 64 * 1024

/**
 * Reads `SAOMA_MERCHANT_LOGO`, `SAOMA_CASHIER_ACCENT`, `SAOMA_CASHIER_CORNER` and
 * `SAOMA_CASHIER_EMBEDDED_BY`.
 *
 * @throws {Failure} Naming the variable that is wrong.
 */
export function readCashierLook(env: Readonly<Record<string, string | undefined>>): CashierLook {
  const value = (name: string) => env[name]?.trim() || undefined
  const logo = value('SAOMA_MERCHANT_LOGO')
  const accent = value('SAOMA_CASHIER_ACCENT')
  const corner = value('SAOMA_CASHIER_CORNER')
  const embeddedBy = value('SAOMA_CASHIER_EMBEDDED_BY')?.split(',')
  const read = <Part extends CashierLook>(name: string, part: Part): Part => {
    try {
      checkLook(part)
    } catch (error) {
      throw new Failure(`${name}: ${error instanceof Error ? error.message : ''}.`)
    }
    return part
  }
  return {
    ...(logo !== undefined && { logo: readLogo(logo) }),
    ...(accent !== undefined && read('SAOMA_CASHIER_ACCENT', { accent })),
    ...(corner !== undefined && read('SAOMA_CASHIER_CORNER', { corner: Number(corner) })),
    ...(embeddedBy !== undefined &&
      read('SAOMA_CASHIER_EMBEDDED_BY', { embeddedBy: embeddedBy.map((origin) => origin.trim()) })),
  }
}

function readLogo(path: string): Logo {
  const type = TYPES[extname(path).toLowerCase()]
  if (type === undefined) {
    throw new Failure('SAOMA_MERCHANT_LOGO is the path of a file .svg, .png, .jpg or .webp.')
  }
  let content: Buffer
  try {
    content = readFileSync(path)
  } catch {
    throw new Failure(`SAOMA_MERCHANT_LOGO: there is no file to be read at ${path}.`)
  }
  if (content.length > LOGO_BYTES) {
    throw new Failure(
      `SAOMA_MERCHANT_LOGO has ${content.length} bytes, and is sent to each buyer: ` +
        `make it ${LOGO_BYTES} bytes or smaller.`,
    )
  }
  return { type, content }
}
