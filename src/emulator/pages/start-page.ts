/**
 * The emulator's start page: what is here and how to pay for the first time.
 *
 * @module
 */
import type { Context } from 'hono'
import { html } from 'hono/html'
import { icons } from './icons.ts'
import { keepLanguage, texts, type Language } from './language.ts'
import type { Page } from './page.ts'

/** The page under `/`. */
export function startPage(c: Context, language: Language, shop: boolean): Page {
  const { common, start } = texts[language]
  const places = [
    ...(shop ? [{ path: '/shop', icon: icons.shop, name: common.shop, text: start.shopText }] : []),
    { path: '/wallet', icon: icons.wallet, name: common.wallet, text: start.walletText },
    { path: '/panel', icon: icons.fault, name: common.panel, text: start.panelText },
    { path: '/control-api', icon: icons.api, name: common.api, text: start.apiText },
  ]
  return {
    language,
    shop,
    title: start.title,
    current: 'home',
    main: html`<div class="intro">
        <h1>${start.title}</h1>
        <p class="lead">${start.lead}</p>
      </div>
      <ul class="places">
        ${places.map(
          ({ path, icon, name, text }) =>
            html`<li>
              <a class="card place" href="${keepLanguage(c, path)}">
                <span class="place-icon">${icon}</span>
                <span class="place-name">${name}</span>
                <span class="muted">${text}</span>
              </a>
            </li>`,
        )}
      </ul>
      <section>
        <h2>${start.stepsTitle}</h2>
        <ol class="steps">
          ${start.steps.map((step) => html`<li>${step}</li>`)}
        </ol>
      </section>`,
  }
}
