export { pinata, type PinataOptions } from './pinata.ts'
export { pinning, type PinningOptions } from './pinning.ts'
