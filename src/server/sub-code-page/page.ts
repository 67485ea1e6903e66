/**
 * The page of one of Alipay's sub codes: what it means, what may be concluded, and what to do. The
 * `doc_url` of a refusal leads here.
 *
 * @module
 */
import { html } from 'hono/html'
import { subCodes, type SubCode } from '../../alipay/index.ts'
import { assetUrl } from '../cashier/assets.ts'
import type { Language } from '../cashier/language.ts'
import type { ServerContext } from '../options.ts'
import { chineseAdvice } from './chinese-advice.ts'
import { englishMeanings } from './english-meanings.ts'

const CODES: ReadonlySet<string> = new Set(subCodes.map(({ code }) => code))

/** The path of the page of a sub code; `undefined` where its meaning is not known. */
export function subCodePath(code: string): string | undefined {
  return CODES.has(code) ? `/reference/errors/${encodeURIComponent(code)}` : undefined
}

/** The page; `undefined` where the meaning of the code is not known. */
export function subCodePage(code: string, language: Language, context: ServerContext) {
  const rows = subCodes.filter((row) => row.code === code)
  if (rows.length === 0) return undefined
  const t = TEXTS[language]
  const other = language === 'zh' ? 'en' : 'zh'
  return html`<!doctype html>
    <html lang="${t.tag}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${code} · saoma</title>
        <link rel="icon" href="${assetUrl('cashier.svg', context)}" />
        <link rel="stylesheet" href="${assetUrl('reference.css', context)}" />
      </head>
      <body>
        <nav aria-label="${t.contents}">
          <a href="${context.basePath}/reference"><strong>saoma API</strong></a>
          <a href="?lang=${other}" hreflang="${TEXTS[other].tag}" lang="${TEXTS[other].tag}"
            >${t.otherLanguage}</a
          >
        </nav>
        <main>
          <h1><code>${code}</code></h1>
          <p>${t.intro}</p>
          ${rows.map((row) => section(row, language))}
        </main>
      </body>
    </html>`
}

function section({ zh, outcome, advice, methods }: SubCode, language: Language) {
  const t = TEXTS[language]
  const meaning = language === 'zh' ? zh : (englishMeanings.get(zh) ?? zh)
  const toDo = language === 'zh' ? (chineseAdvice.get(advice) ?? advice) : advice
  return html`<section>
    <h2>${meaning}</h2>
    <dl>
      <dt>${t.methods}</dt>
      <dd>${methods === undefined ? t.every : html`<code>${methods.join(', ')}</code>`}</dd>
      <dt>${t.outcome}</dt>
      <dd><code>${outcome}</code> ${t.outcomes[outcome]}</dd>
      <dt>${t.advice}</dt>
      <dd>${toDo}</dd>
    </dl>
  </section>`
}

const TEXTS = {
  zh: {
    tag: 'zh-CN',
    contents: '目录',
    otherLanguage: 'English',
    intro: '支付宝返回的业务错误码（sub_code）。',
    methods: '接口',
    every: '所有接口',
    outcome: '结果',
    advice: '如何处理',
    outcomes: {
      not_applied: '这次调用确定没有执行。',
      unknown: '这次调用可能已经执行，也可能没有；查明之前不要当作失败。',
    },
  },
  en: {
    tag: 'en',
    contents: 'Contents',
    otherLanguage: '中文',
    intro: 'A sub code (sub_code) with which Alipay refuses a call.',
    methods: 'Methods',
    every: 'every method',
    outcome: 'Outcome',
    advice: 'What to do',
    outcomes: {
      not_applied: 'The call is known not to have been carried out.',
      unknown:
        'The call may have been carried out: until that is known, do not take it for failed.',
    },
  },
} as const
