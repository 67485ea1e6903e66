export async function POST() {
  return Response.redirect(await globalThis.shop.checkout(`ORDER-${Date.now()}`), 303)
}
