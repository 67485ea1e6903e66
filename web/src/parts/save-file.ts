/**
 * A file that the page has made or fetched, for the folder of downloads.
 *
 * @module
 */

/** Has the browser keep it under a name. */
export function saveFile(file: Blob, name: string): void {
  const address = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  URL.revokeObjectURL(address)
}
