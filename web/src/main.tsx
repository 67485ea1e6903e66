/**
 * Begins.
 *
 * @module
 */
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import './console.css'
import { nameStyles } from './style-nonce.ts'

nameStyles()
const place = document.getElementById('root')
if (place !== null) createRoot(place).render(<App />)
