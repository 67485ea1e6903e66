// @ts-check
/**
 * Looks for a QR code through the camera.
 *
 * @module
 */
import { readImage } from './qr-image.js'

/**
 * How often a frame is read, in milliseconds: often enough to feel at once, seldom enough for an
 * old phone.
 */
const INTERVAL_MS = 120

/**
 * Opens the rear camera and reads until a code is found or it is stopped.
 *
 * @param {HTMLVideoElement} video Shows what the camera sees.
 * @param {(text: string) => void} onFound Called once.
 * @returns {Promise<
 *   { status: 'open'; stop: () => void } | { status: 'insecure' | 'denied' | 'missing' }
 * >}
 */
export async function openCamera(video, onFound) {
  // Outside HTTPS and this machine browsers hide the camera altogether.
  if (!isSecureContext || navigator.mediaDevices === undefined) return { status: 'insecure' }
  let stream
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: 'environment', width: { ideal: 1280 } },
    })
  } catch (error) {
    const denied = error instanceof DOMException && error.name === 'NotAllowedError'
    return { status: denied ? 'denied' : 'missing' }
  }
  let stopped = false
  const stop = () => {
    stopped = true
    for (const track of stream.getTracks()) track.stop()
    video.srcObject = null
  }
  const look = () => {
    if (stopped) return
    const text =
      video.videoWidth > 0 ? readImage(video, video.videoWidth, video.videoHeight, 720) : undefined
    if (text === undefined) return void setTimeout(look, INTERVAL_MS)
    stop()
    onFound(text)
  }
  video.srcObject = stream
  await video.play().catch(() => {})
  look()
  return { status: 'open', stop }
}
