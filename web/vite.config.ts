/**
 * How the back office is built: into files that may be kept for ever, with a place for the nonce
 * that the server puts into each answer.
 *
 * @module
 */
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/console/',
  plugins: [react()],
  // The server replaces it with a fresh one.
  html: { cspNonce: 'CSP_NONCE' },
  // The page's own addresses are absolute, and the server puts before them where it is mounted.
  experimental: {
    renderBuiltUrl: (_, { hostType }) => (hostType === 'html' ? undefined : { relative: true }),
  },
  build: {
    target: 'es2022',
    // A font or picture in a data: address would need a wider policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1_500,
    modulePreload: { polyfill: false },
  },
})
