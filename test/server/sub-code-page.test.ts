/**
 * Every refusal of Alipay's leads to a page that says what it means and what to do.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { subCodes } from '../../src/alipay/index.ts'
import { problemJson } from '../../src/server/problem.ts'
import { chineseAdvice } from '../../src/server/sub-code-page/chinese-advice.ts'
import { englishMeanings } from '../../src/server/sub-code-page/english-meanings.ts'
import { startServer } from './server-under-test.ts'

const { get } = startServer()
const codes = [...new Set(subCodes.map(({ code }) => code))]

const pathOf = (sub_code: string) => {
  const refusal = { status: 402, type: 'channel_error', code: 'x', message: '' } as const
  const { error } = problemJson({ ...refusal, alipay: { sub_code, sub_msg: '' } }, 'req_1', '')
  return error.doc_url
}

/** As HTML has it. */
const escaped = (text: string) =>
  text.replace(/[&<>"']/g, (sign) => `&${NAMES[sign as keyof typeof NAMES]};`)
const NAMES = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": '#39' }

test.each(codes)('%s has its page in both languages, where its doc_url leads', async (code) => {
  expect(pathOf(code)).toBe(`/reference/errors/${code}`)
  const [zh, en] = await Promise.all(
    ['zh', 'en'].map(async (language) => {
      const answer = await get(`${pathOf(code)}?lang=${language}`)
      expect([answer.status, answer.headers.get('content-type')]).toMatchObject([
        200,
        /^text\/html/,
      ])
      return answer.text()
    }),
  )
  for (const row of subCodes.filter((one) => one.code === code)) {
    expect(zh).toContain(`<h2>${escaped(row.zh)}</h2>`)
    expect(zh).toContain(escaped(chineseAdvice.get(row.advice) ?? 'missing'))
    expect(en).toContain(`<h2>${escaped(englishMeanings.get(row.zh) ?? 'missing')}</h2>`)
    expect(en).toContain(escaped(row.advice))
    for (const page of [zh, en]) expect(page).toContain(`<code>${row.outcome}</code>`)
  }
})

test('both tables translate what there is, and nothing else', () => {
  expect(new Set(chineseAdvice.keys())).toEqual(new Set(subCodes.map(({ advice }) => advice)))
  expect(new Set(englishMeanings.keys())).toEqual(new Set(subCodes.map(({ zh }) => zh)))
  for (const text of chineseAdvice.values()) expect(text).toMatch(/\p{Script=Han}/u)
  for (const text of englishMeanings.values())
    expect(text.replace('当面付', '')).toMatch(/^[ -~]+$/)
})

describe('a code that is not known', () => {
  test('leads to the problem, not to a page', () => {
    for (const code of ['', 'ACQ.UNHEARD_OF', '../../x', 'constructor']) {
      expect(pathOf(code)).toBe('/reference#x')
    }
  })

  test.each(['ACQ.UNHEARD_OF', '%3Cscript%3Ealert(1)%3C%2Fscript%3E', '%00'])(
    '%s has no page, and is not repeated',
    async (code) => {
      const answer = await get(`/reference/errors/${code}`)
      expect(answer.status).toBe(404)
      expect(await answer.text()).not.toContain('<script>alert')
    },
  )
})

test('the language is that of the reader', async () => {
  const path = '/reference/errors/ACQ.TRADE_NOT_EXIST'
  const page = await (await get(path, { headers: { 'accept-language': 'en-GB,en;q=0.9' } })).text()
  expect(page).toContain('<html lang="en">')
  expect(await (await get(path)).text()).toContain('<html lang="zh-CN">')
})
