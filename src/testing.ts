/**
 * `saoma/testing`: an emulator of Alipay in the process of a test, and a clock that can be moved.
 *
 * @module
 */

export { MovableClock } from './alipay/index.ts'
export {
  ConnectionCut,
  createEmulator,
  listen as listenEmulator,
  type Emulator,
  type EmulatorOptions,
} from './emulator/index.ts'
