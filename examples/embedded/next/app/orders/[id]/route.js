export async function GET(request, { params }) {
  const { id } = await params
  return new Response(`${id}: ${(await globalThis.shop.isPaid(id)) ? 'paid' : 'waiting'}\n`)
}
