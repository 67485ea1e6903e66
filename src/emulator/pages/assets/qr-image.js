// @ts-check
/**
 * Reads the QR code in a picture or in what a camera sees.
 *
 * @module
 */
import { decodeQR } from './qr/decode.js'

const canvas = document.createElement('canvas')
const context = canvas.getContext('2d', { willReadFrequently: true })

/**
 * The text of the code in a picture, `undefined` where none is found.
 *
 * @param {Blob} file
 * @returns {Promise<string | undefined>}
 */
export async function readPicture(file) {
  let picture
  try {
    picture = await createImageBitmap(file)
  } catch {
    return undefined
  }
  // Large photographs blur the code's modules less when they are made smaller, screenshots when
  // they are not.
  for (const side of [1600, 900, 500]) {
    const text = readImage(picture, picture.width, picture.height, side)
    if (text !== undefined) return text
  }
  return undefined
}

/**
 * The text of the code in an image, drawn with at most `side` pixels a side.
 *
 * @param {CanvasImageSource} image
 * @param {number} width
 * @param {number} height
 * @param {number} side
 * @returns {string | undefined}
 */
export function readImage(image, width, height, side) {
  const scale = Math.min(1, side / Math.max(width, height))
  canvas.width = Math.max(1, Math.round(width * scale))
  canvas.height = Math.max(1, Math.round(height * scale))
  if (context === null) return undefined
  context.fillStyle = '#fff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(image, 0, 0, canvas.width, canvas.height)
  try {
    return decodeQR(context.getImageData(0, 0, canvas.width, canvas.height))
  } catch {
    return undefined
  }
}
