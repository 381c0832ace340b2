const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'] as const

/** Decimal units, as on the label of a disk. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  let value = bytes / 1000
  let unit = 0
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${value.toFixed(1)} ${UNITS[unit]}`
}

export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min`
  return `${(seconds / 3600).toFixed(1)} h`
}

/** Text from elsewhere for a terminal: control characters, which could drive it, are shown as escapes. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** One JSON document on one line. CIDs as text. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (isCidJson(item) ? item['/'] : item))
}

/** What a CID's own `toJSON` gives. */
function isCidJson(value: unknown): value is { '/': string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    '/' in value &&
    typeof value['/'] === 'string' &&
    Object.keys(value).length === 1
  )
}
