const PREFIX = 'sha256:'

/** The alias that content has by its SHA-256: `sha256:` and 64 lower-case digits. */
export function sha256Alias(digest: Uint8Array): string {
  return PREFIX + Buffer.from(digest).toString('hex')
}

/** The digest in such an alias. */
export function digestOfAlias(alias: string): Uint8Array {
  return Buffer.from(alias.slice(PREFIX.length), 'hex')
}
