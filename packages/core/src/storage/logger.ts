import type { Logger } from './types.ts'

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }
