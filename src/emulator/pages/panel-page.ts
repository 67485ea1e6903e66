/**
 * The fault panel: the frame that `assets/panel.js` brings to life.
 *
 * @module
 */
import { html } from 'hono/html'
import { z } from 'zod'
import { settingsSchema } from '../settings.ts'
import { texts, type Language } from './language.ts'
import type { Html, Page } from './page.ts'
import type { Texts } from './texts/zh.ts'

/** What the panel's script gets from the server. */
export interface PanelData {
  readonly language: Language
  readonly panel: Texts['panel']
  readonly common: Pick<Texts['common'], 'statuses' | 'unreachable'>
  /** The values of those settings that have a list of them. */
  readonly settingChoices: Readonly<Record<string, readonly string[]>>
}

/** The page under `/panel`. */
export function panelPage(language: Language, shop: boolean): Page {
  const { common, panel } = texts[language]
  const data: PanelData = {
    language,
    panel,
    common: { statuses: common.statuses, unreachable: common.unreachable },
    settingChoices: settingChoices(),
  }
  const advances = [
    [60_000, panel.advances.minute],
    [300_000, panel.advances.five],
    [3_600_000, panel.advances.hour],
    [86_400_000, panel.advances.day],
  ] as const
  return {
    language,
    shop,
    title: panel.title,
    current: 'panel',
    script: 'panel',
    data,
    main: html`<div class="intro">
        <h1>${panel.title}</h1>
        <p class="lead">${panel.lead}</p>
      </div>
      <p class="error" id="failure" role="alert" hidden></p>
      <p class="toast" id="status" role="status"></p>
      <div class="panel-layout">
        <section class="card faults" aria-labelledby="faults-title">
          <h2 id="faults-title">${panel.faults}</h2>
          <div id="catalogue"></div>
        </section>
        <div class="panel-side">
          <section class="card" aria-labelledby="active-title">
            <div class="section-top">
              <h2 id="active-title">${panel.active}</h2>
              <button class="button small" type="button" id="remove-all" hidden>
                ${panel.removeAll}
              </button>
            </div>
            <ul id="active" class="active-faults"></ul>
            <p class="empty" id="no-active">${panel.noActive}</p>
          </section>
          <section class="card" aria-labelledby="clock-title">
            <h2 id="clock-title">${panel.clock}</h2>
            <p class="clock"><time id="now">–</time></p>
            <p class="muted" id="offset"></p>
            <div class="button-row" id="advances">
              ${advances.map(
                ([ms, label]) =>
                  html`<button class="button small" type="button" data-ms="${ms}">
                    +${label}
                  </button>`,
              )}
            </div>
            <p class="muted hint">${panel.clockText}</p>
          </section>
          <section class="card" aria-labelledby="random-title">
            <h2 id="random-title">${panel.random}</h2>
            <p class="muted hint">${panel.randomText}</p>
            <p class="random-state" id="random-state">${panel.randomOff}</p>
            <form id="random" class="inline-form" novalidate>
              <label class="field">
                <span>${panel.seed}</span>
                <input name="seed" type="number" step="1" value="1" required />
              </label>
              <label class="field">
                <span>${panel.probability}</span>
                <input
                  name="probability"
                  type="number"
                  min="0"
                  max="1"
                  step="0.01"
                  value="0.1"
                  required
                />
              </label>
              <button class="button primary">${panel.start}</button>
              <button class="button" type="button" id="stop-random">${panel.stopRandom}</button>
            </form>
          </section>
        </div>
      </div>
      <section class="card" aria-labelledby="settings-title">
        <h2 id="settings-title">${panel.settings}</h2>
        <div id="settings" class="settings"></div>
      </section>
      <p class="live"><span class="live-dot"></span>${panel.live}</p>
      ${table('requests', panel.requests, panel.noRequests)}
      ${table('notifications', panel.notifications, panel.noNotifications)}
      ${table('all-trades', panel.trades, panel.noTrades)}
      ${table('ledger', panel.ledger, panel.noLedger)}`,
  }
}

function settingChoices(): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(settingsSchema.shape).flatMap(([name, type]) =>
      type instanceof z.ZodEnum ? [[name, type.options.map(String)]] : [],
    ),
  )
}

function table(id: string, title: string, empty: string): Html {
  return html`<section class="card records" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    <div
      class="scroll"
      id="${id}"
      tabindex="0"
      role="region"
      aria-labelledby="${id}-title"
      hidden
    ></div>
    <p class="empty" id="${id}-empty">${empty}</p>
  </section>`
}
