// @ts-check
/**
 * Keeps an open cashier page up to date: live events where they get through, the status every 2
 * seconds where they do not. What is shown is drawn by the server.
 */
;(() => {
  const main = element('checkout')
  const address = location.pathname
  const query = `?lang=${document.documentElement.lang.slice(0, 2)}`
  const shop = document.title.split(' · ').slice(1).join(' · ')

  let version = Number(main.dataset.version)
  let tag = main.dataset.tag
  let final = main.dataset.final === 'true'
  let deadline = Date.now() + Number(main.dataset.expiresInMs)
  let live = false
  let asking = false
  /** @type {EventSource | undefined} */
  let events

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
    main.dataset.state = checkout.state
    main.innerHTML = checkout.html
    document.title = `${checkout.title} · ${shop}`
    element('announcement').textContent = checkout.title
    tick()
    if (final) events?.close()
  }

  function listen() {
    events = new EventSource(`${address}/events${query}`)
    // Only what arrives proves that nothing on the way holds it back.
    events.addEventListener('message', ({ data }) => {
      live = true
      show(JSON.parse(data))
    })
    events.addEventListener('error', () => {
      live = false
    })
  }

  async function ask() {
    if (asking) return
    asking = true
    try {
      const headers = { 'if-none-match': `W/"${tag}"` }
      const response = await fetch(`${address}/status${query}`, { headers, cache: 'no-store' })
      if (response.status === 200) show(await response.json())
    } catch {
      // No network just now: the next round asks again.
    } finally {
      asking = false
    }
  }

  function tick() {
    const seconds = Math.max(0, Math.ceil((deadline - Date.now()) / 1000))
    const countdown = document.getElementById('countdown')
    if (countdown === null) return
    const parts = [Math.floor(seconds / 60), seconds % 60]
    countdown.textContent = parts.map((part) => String(part).padStart(2, '0')).join(':')
    // A code whose time is over is not shown, whether or not the server can be reached.
    element('code').hidden = seconds === 0
    for (const link of document.querySelectorAll('.pay, .try')) {
      link.toggleAttribute('hidden', seconds === 0)
    }
  }

  /** @param {string} id */
  function element(id) {
    const found = document.getElementById(id)
    if (found === null) throw new Error(`The page has no ${id}`)
    return found
  }

  if (!final) listen()
  tick()
  setInterval(tick, 250)
  setInterval(() => {
    if (!final && (!live || Date.now() >= deadline)) void ask()
  }, 2000)
  // A page that was away is often the first thing that a buyer comes back to.
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void ask()
  })
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) void ask()
  })
})()
