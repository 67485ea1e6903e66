// Once in each server process, however often Next loads its routes.
export async function register() {
  if (process.env.NEXT_RUNTIME === 'nodejs') globalThis.shop = await import('../saoma.mjs')
}
