/** Everything of saoma's. Next leaves the body as it came, so Alipay's signature holds. */
async function pay(request) {
  const url = new URL(request.url)
  url.pathname = url.pathname.slice('/pay'.length)
  return globalThis.shop.saoma.fetch(new Request(url, request))
}

export { pay as GET, pay as POST, pay as PATCH, pay as DELETE }
