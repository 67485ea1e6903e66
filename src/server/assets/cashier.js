// @ts-check
/**
 * Keeps an open cashier page up to date: live events where they get through, the status every 2
 * seconds where they do not. What is shown is drawn by the server.
 */
;(() => {
  const main = element('checkout')
  const announcement = element('announcement')
  const address = location.pathname
  const query = document.documentElement.dataset.query
  const shop = document.title.split(' · ').slice(1).join(' · ')

  let version = Number(main.dataset.version)
  let tag = main.dataset.tag
  let final = main.dataset.final === 'true'
  let deadline = Date.now() + Number(main.dataset.expiresInMs)
  /** When the live events last proved to come through. */
  let heardAt = 0
  let asking = false
  /** @type {EventSource | undefined} */
  let events
  /** The origin of the page that frames this one, as soon as it has asked. */
  let embedder = ''

  /**
   * @param {{
   *   version: number
   *   tag: string
   *   final: boolean
   *   state: string
   *   title: string
   *   html: string
   *   expires_in_ms: number
   * }} checkout
   */
  function show(checkout) {
    // A status that was asked for before an event may arrive after it.
    if (checkout.version < version) return
    version = checkout.version
    deadline = Date.now() + checkout.expires_in_ms
    if (checkout.tag === tag) return
    tag = checkout.tag
    final = checkout.final
    const hadFocus = main.contains(document.activeElement)
    main.dataset.state = checkout.state
    main.innerHTML = checkout.html
    // What had the focus is gone; a reader of the screen goes on at the news.
    if (hadFocus) main.querySelector('h1')?.focus()
    document.title = `${checkout.title} · ${shop}`
    announcement.className = 'unseen'
    announcement.textContent = checkout.title
    draw()
    dispatchEvent(new CustomEvent('checkout', { detail: checkout.state }))
    tellEmbedder()
    if (final) events?.close()
  }

  function listen() {
    events = new EventSource(`${address}/events${query}`)
    // Only what arrives proves that nothing on the way holds it back.
    events.addEventListener('message', ({ data }) => {
      heardAt = Date.now()
      show(JSON.parse(data))
    })
    events.addEventListener('error', () => {
      heardAt = 0
    })
  }

  async function ask() {
    if (asking) return
    asking = true
    try {
      const headers = { 'if-none-match': `W/"${tag}"` }
      const response = await fetch(`${address}/status${query}`, { headers, cache: 'no-store' })
      if (response.status === 200) show(await response.json())
      // A way that was open once may have died without a word: it is tried now and then.
      if (heardAt > 0) heardAt = Date.now()
    } catch {
      // No network just now: the next round asks again.
    } finally {
      asking = false
    }
  }

  /**
   * The buyer says that he has paid: has Alipay asked now.
   *
   * @param {HTMLFormElement} form
   */
  async function check(form) {
    const button = form.querySelector('button')
    if (button === null || button.getAttribute('aria-disabled') === 'true') return
    button.setAttribute('aria-disabled', 'true')
    say(main.dataset.checking)
    const before = tag
    try {
      const headers = { accept: 'application/json' }
      show(await (await fetch(form.action, { method: 'POST', headers })).json())
    } catch {
      // As if nothing had been found: the page goes on asking by itself.
    }
    if (tag === before) say(main.dataset.notPaidYet)
    button.removeAttribute('aria-disabled')
  }

  /** @param {string} [text] */
  function say(text = '') {
    announcement.className = ''
    announcement.textContent = text
  }

  /** What the server cannot draw: what needs a script, and what is left of the time. */
  function draw() {
    document.getElementById('print')?.removeAttribute('hidden')
    tick()
  }

  function tick() {
    const seconds = Math.max(0, Math.ceil((deadline - Date.now()) / 1000))
    const countdown = document.getElementById('countdown')
    if (countdown === null) return
    const parts = [Math.floor(seconds / 60), seconds % 60]
    countdown.textContent = parts.map((part) => String(part).padStart(2, '0')).join(':')
    countdown.classList.toggle('urgent', seconds <= 60)
    // A code whose time is over is not shown, whether or not the server can be reached.
    element('code').hidden = seconds === 0
    for (const link of document.querySelectorAll('.pay, .try')) {
      link.toggleAttribute('hidden', seconds === 0)
    }
  }

  /** Who may frame this page is told what it shows; it holds nothing that opens another door. */
  function tellEmbedder() {
    if (embedder === '') return
    const { state } = main.dataset
    const amount = Number(main.dataset.amount)
    const height = document.body.offsetHeight
    parent.postMessage({ saoma: 'checkout', state, final, amount, height }, embedder)
  }

  /** @param {string} id */
  function element(id) {
    const found = document.getElementById(id)
    if (found === null) throw new Error(`The page has no ${id}`)
    return found
  }

  if (parent !== window) {
    document.documentElement.dataset.framed = ''
    addEventListener('message', ({ source, origin, data }) => {
      if (source !== parent || data?.saoma !== 'hello') return
      embedder = origin
      tellEmbedder()
    })
    new ResizeObserver(tellEmbedder).observe(document.body)
  }
  main.addEventListener('submit', (event) => {
    const form = event.target
    if (!(form instanceof HTMLFormElement) || form.id !== 'check') return
    event.preventDefault()
    void check(form)
  })
  main.addEventListener('click', ({ target }) => {
    if (target instanceof Element && target.closest('#print')) print()
  })
  if (!final) listen()
  draw()
  setInterval(tick, 250)
  setInterval(() => {
    const isQuiet = Date.now() - heardAt > 30_000
    if (!final && (isQuiet || Date.now() >= deadline)) void ask()
  }, 2000)
  // A page that was away is often the first thing that a buyer comes back to.
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void ask()
  })
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) void ask()
  })
})()
