/**
 * The control API on one page, for people who write tests against the emulator.
 *
 * @module
 */
import { html } from 'hono/html'
import { texts, type Language } from './language.ts'
import type { Page } from './page.ts'

const ROUTES = [
  ['GET', 'buyers', '', '买家与余额', 'The buyers and their balances'],
  ['PUT', 'buyers/:id', '{"balance": 10000}', '设置余额', 'Sets a balance'],
  ['POST', 'wallet/scan', '{"buyer", "code"}', '扫码', 'Scans a QR code'],
  ['POST', 'wallet/pay', '{"buyer", "trade_no"}', '付款', 'Pays'],
  ['POST', 'wallet/refuse', '{"buyer", "trade_no"}', '拒绝付款', 'Refuses to pay'],
  ['POST', 'wallet/payment-code', '{"buyer"}', '取付款码', 'Makes a payment code'],
  [
    'POST',
    'wallet/confirm',
    '{"buyer", "trade_no"}',
    '确认付款码交易',
    'Confirms a payment by payment code',
  ],
  ['GET', 'wallet/trades?buyer=', '', '买家的交易', 'The trades of a buyer'],
  ['GET', 'trades', '', '全部交易', 'All trades'],
  ['GET', 'ledger', '', '资金流水', 'All movements of money'],
  ['GET', 'requests', '', '最近 200 次网关调用', 'The last 200 gateway calls'],
  ['GET', 'notifications', '', '异步通知及每次发送', 'Notifications and each send'],
  ['POST', 'notifications/:notify_id/resend', '{}', '立即重发', 'Sends one again at once'],
  ['GET', 'faults', '', '故障目录与已启用的故障', 'The catalogue and what is active'],
  [
    'POST',
    'faults',
    '{"name", "method"?, "out_trade_no"?, "times"?, "delay_ms"?}',
    '启用故障',
    'Switches a fault on',
  ],
  ['DELETE', 'faults/:id', '', '移除一个故障', 'Removes one'],
  ['DELETE', 'faults', '', '移除全部故障', 'Removes all'],
  [
    'POST',
    'faults/random',
    '{"seed", "probability"}',
    '按种子随机出错',
    'Draws faults from a seed',
  ],
  ['GET', 'clock', '', '模拟器的时间', 'The time of the emulator'],
  ['POST', 'clock', '{"advance_ms": 60000}', '把时钟往前拨', 'Puts the clock forward'],
  ['GET', 'settings', '', '设置', 'The settings'],
  ['PATCH', 'settings', '{"<name>": value}', '修改设置', 'Changes settings'],
  ['GET', 'credentials', '', '应用、密钥与网关地址', 'Application, keys and the gateway address'],
  [
    'POST',
    'reset',
    '{}',
    '清空订单、交易、通知、设置与故障',
    'Forgets orders, trades, notifications, settings and faults',
  ],
] as const

/**
 * The page under `/control-api`.
 *
 * @param origin Where the emulator was reached, for the example.
 */
export function apiPage(language: Language, shop: boolean, origin: string): Page {
  const { api } = texts[language]
  const example = `curl ${origin}/_emulator/clock \\
  -H 'content-type: application/json' \\
  -d '{"advance_ms": 60000}'`
  return {
    language,
    shop,
    title: api.title,
    current: 'api',
    main: html`<div class="intro">
        <h1>${api.title}</h1>
        <p class="lead">${api.lead}</p>
      </div>
      <section class="card">
        <h2>${api.example}</h2>
        <pre tabindex="0"><code>${example}</code></pre>
      </section>
      <section class="card records">
        <div class="scroll" tabindex="0" role="region" aria-label="${api.title}">
          <table>
            <thead>
              <tr>
                <th scope="col">${api.method}</th>
                <th scope="col">${api.path}</th>
                <th scope="col">${api.effect}</th>
                <th scope="col">${api.body}</th>
              </tr>
            </thead>
            <tbody>
              ${ROUTES.map(
                ([method, path, body, zh, en]) =>
                  html`<tr>
                    <td><span class="method method-${method}">${method}</span></td>
                    <td><code>/_emulator/${path}</code></td>
                    <td class="wrap">${language === 'zh' ? zh : en}</td>
                    <td><code>${body}</code></td>
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>
      </section>`,
  }
}
