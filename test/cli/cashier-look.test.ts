/**
 * The cashier page's look as the environment gives it.
 *
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readCashierLook } from '../../src/cli/cashier-look.ts'
import { temporaryFolder } from '../saoma-program.ts'

test('is read with its picture', () => {
  const logo = join(temporaryFolder(), 'logo.png')
  writeFileSync(logo, 'picture')
  expect(
    readCashierLook({
      SAOMA_MERCHANT_LOGO: logo,
      SAOMA_CASHIER_ACCENT: '#6b3e1f',
      SAOMA_CASHIER_CORNER: '8',
      SAOMA_CASHIER_EMBEDDED_BY: 'https://shop.example, https://www.shop.example',
    }),
  ).toEqual({
    logo: { type: 'image/png', content: Buffer.from('picture') },
    accent: '#6b3e1f',
    corner: 8,
    embeddedBy: ['https://shop.example', 'https://www.shop.example'],
  })
  expect(readCashierLook({ SAOMA_CASHIER_ACCENT: '' })).toEqual({})
})

test('is refused with the name of the variable', () => {
  const large = join(temporaryFolder(), 'large.svg')
  writeFileSync(large, Buffer.alloc(64 * 1024 + 1))
  for (const [name, value] of [
    ['SAOMA_CASHIER_ACCENT', 'brown'],
    ['SAOMA_CASHIER_CORNER', 'round'],
    ['SAOMA_CASHIER_EMBEDDED_BY', 'shop.example'],
    ['SAOMA_MERCHANT_LOGO', '/nowhere/logo.svg'],
    ['SAOMA_MERCHANT_LOGO', 'logo.exe'],
    ['SAOMA_MERCHANT_LOGO', large],
  ] as const) {
    expect(() => readCashierLook({ [name]: value })).toThrow(name)
  }
})
