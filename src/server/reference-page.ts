/**
 * The reference of the merchant API as a page, written from the same operations as the OpenAPI
 * document. It needs no script.
 *
 * @module
 */
import { html } from 'hono/html'
import { assetUrl } from './cashier/assets.ts'
import { BODY_PROBLEMS, COMMON_PROBLEMS, openApi, problemsOf, tagOf } from './openapi.ts'
import type { AnyOperation, ProblemDescription } from './operation.ts'
import type { ServerContext } from './options.ts'

interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly description?: string
  readonly schema: Schema
}

/** The page. */
export function referencePage(operations: readonly AnyOperation[], context: ServerContext) {
  const document = openApi(operations, context.baseUrl)
  const schemas = document.components.schemas as Readonly<Record<string, Schema>>
  const tags = [...new Set(operations.map(({ path }) => tagOf(path)))]
  const codes = allProblems(operations)
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>saoma API</title>
        <link rel="icon" href="${assetUrl('cashier.svg', context)}" />
        <link rel="stylesheet" href="${assetUrl('reference.css', context)}" />
      </head>
      <body>
        <nav aria-label="Contents">
          <a href="#top"><strong>saoma API</strong></a>
          ${tags.map(
            (tag) =>
              html`<a href="#${tag}">${tag}</a>
                <ul>
                  ${operations
                    .filter(({ path }) => tagOf(path) === tag)
                    .map(({ id, summary }) => html`<li><a href="#${id}">${summary}</a></li>`)}
                </ul>`,
          )}
          <a href="#objects">objects</a>
          <a href="#problems">problems</a>
        </nav>
        <main id="top">
          <h1>saoma API</h1>
          <p>${document.info.description}</p>
          <p>
            Base address <code>${context.baseUrl}</code>. Send
            <code>Authorization: Bearer sk_…</code> with each request, and bodies as
            <code>application/json</code>. For programs:
            <a href="${context.basePath}/v1/openapi.json">OpenAPI 3.1</a>.
          </p>
          ${tags.map(
            (tag) =>
              html`<h2 id="${tag}">${tag}</h2>
                ${operations
                  .filter(({ path }) => tagOf(path) === tag)
                  .map((one) => operationSection(one, document))}`,
          )}
          <h2 id="objects">objects</h2>
          ${Object.entries(schemas).map(
            ([name, schema]) =>
              html`<section>
                <h3 id="object-${name}">${name}</h3>
                ${fieldTable(schema)}
              </section>`,
          )}
          <h2 id="problems">problems</h2>
          <p>
            Each has <code>type</code>, <code>code</code>, <code>message</code>, <code>param</code>,
            <code>outcome</code> (<code>not_applied</code>, <code>unknown</code>,
            <code>applied</code>), <code>alipay</code>, <code>request_id</code> and
            <code>doc_url</code>, which leads here, and for a refusal of Alipay's to the page of its
            <code>sub_code</code>.
          </p>
          <dl>
            ${codes.map(
              ([code, { status, description }]) =>
                html`<dt id="${code}">
                    <code>${code}</code> <span class="status">${status}</span>
                  </dt>
                  <dd>${description}</dd>`,
            )}
          </dl>
        </main>
      </body>
    </html>`
}

function operationSection(one: AnyOperation, document: ReturnType<typeof openApi>) {
  const item = document.paths[one.path]?.[one.method.toLowerCase()] as {
    readonly parameters: readonly Parameter[]
    readonly requestBody?: { readonly content: { readonly 'application/json': { schema: Schema } } }
    readonly responses: Readonly<
      Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
    >
  }
  const body = item.requestBody?.content['application/json'].schema
  return html`<section>
    <h3 id="${one.id}">${one.summary}</h3>
    <p class="address"><span class="method">${one.method}</span> <code>${one.path}</code></p>
    ${(one.description ?? '').split('\n\n').map((text) => (text ? html`<p>${inline(text)}</p>` : ''))}
    <p>Scope <code>${one.scope}</code></p>
    ${
      item.parameters.length === 0
        ? ''
        : html`<table>
            <caption>
              Parameters
            </caption>
            ${item.parameters.map(
              ({ name, in: place, required, description, schema }) =>
                html`<tr>
                  <th scope="row"><code>${name}</code>${required ? ' required' : ''}</th>
                  <td>${place}</td>
                  <td>${typeOf(schema)} ${inline(description ?? '')}</td>
                </tr>`,
            )}
          </table>`
    }
    ${
      body === undefined
        ? ''
        : html`<h4>Body</h4>
            ${fieldTable(body)}`
    }
    <h4>Answers</h4>
    <dl>
      ${Object.entries(one.answers).map(
        ([status, { description }]) =>
          html`<dt><span class="status">${status}</span></dt>
            <dd>${description} ${answerType(item.responses[status]?.content)}</dd>`,
      )}
      ${Object.entries(problemsOf(one))
        .filter(
          ([code]) => COMMON_PROBLEMS[code] === undefined && BODY_PROBLEMS[code] === undefined,
        )
        .map(
          ([code, { status, description }]) =>
            html`<dt><span class="status">${status}</span> <code>${code}</code></dt>
              <dd>${inline(description)}</dd>`,
        )}
    </dl>
  </section>`
}

function answerType(content: Readonly<Record<string, { readonly schema: Schema }>> = {}) {
  return Object.entries(content).map(([mediaType, { schema }]) =>
    mediaType === 'application/json' ? typeOf(schema) : html`<code>${mediaType}</code>`,
  )
}

function fieldTable(schema: Schema): unknown {
  if (schema.$ref !== undefined) return html`<p>${typeOf(schema)}</p>`
  return html`<table>
    ${Object.entries(schema.properties ?? {}).map(
      ([name, field]) =>
        html`<tr>
          <th scope="row">
            <code>${name}</code>${(schema.required ?? []).includes(name) ? ' required' : ''}
          </th>
          <td>${typeOf(field)}</td>
          <td>${inline(field.description ?? '')}</td>
        </tr>`,
    )}
  </table>`
}

/** What a value is, in a few words. */
function typeOf(schema: Schema): unknown {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? ''
    return html`<a href="#object-${name}">${name}</a>`
  }
  const either = schema.anyOf ?? schema.oneOf
  if (either !== undefined) {
    return either.map((one, index) => html`${index === 0 ? '' : ' or '}${typeOf(one)}`)
  }
  if (schema.enum !== undefined) return html`<code>${schema.enum.join(' | ')}</code>`
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`
  if (schema.items !== undefined) return html`list of ${typeOf(schema.items)}`
  if (schema.type === 'object' && schema.properties?.['data']?.items !== undefined) {
    return html`list of ${typeOf(schema.properties['data'].items)}`
  }
  const { minimum, maximum, maxLength, default: standard } = schema
  const limits = [
    maxLength === undefined ? '' : `at most ${maxLength} characters`,
    maximum === undefined || maximum > 1e12 ? '' : `${minimum ?? 0} to ${maximum}`,
    standard === undefined ? '' : `default ${JSON.stringify(standard)}`,
  ].filter((text) => text !== '')
  return html`${String(schema.type ?? 'any')}${limits.length === 0 ? '' : `, ${limits.join(', ')}`}`
}

/** Text with `code` in it. */
function inline(text: string): unknown {
  return text
    .split('`')
    .map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))
}

function allProblems(
  operations: readonly AnyOperation[],
): readonly (readonly [string, ProblemDescription])[] {
  const all = new Map<string, ProblemDescription>()
  for (const one of operations) {
    for (const [code, problem] of Object.entries(problemsOf(one))) all.set(code, problem)
  }
  return [...all].toSorted(([a], [b]) => (a < b ? -1 : 1))
}
