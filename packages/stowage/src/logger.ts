import { withoutSecrets, type Logger } from '@stowage/core'

/** Warnings and errors, one line each, on stderr; nothing else. */
export function defaultLogger(): Logger {
  const write = (level: string) => (message: string) => {
    process.stderr.write(`stowage ${level}: ${withoutSecrets(message).replaceAll(/[\r\n]+/g, ' ')}\n`)
  }
  return { debug() {}, info() {}, warn: write('warning'), error: write('error') }
}
