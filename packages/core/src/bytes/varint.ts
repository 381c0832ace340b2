import { StorageError } from '../errors/storage-error.ts'

/** Bytes that `value` takes as an unsigned varint. */
export function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++
  return length
}

/** Writes `value` at `at`, and says where it ends. */
export function writeVarint(into: Uint8Array, at: number, value: number): number {
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) into[at++] = (rest % 0x80) | 0x80
  into[at++] = rest
  return at
}

/** Reads bytes from the front to the back. Each read throws `integrity` when the bytes do not hold what is asked for. */
export interface Reader {
  readonly done: boolean
  readonly at: number
  /** At most 2^53 − 1, written in as few bytes as it needs. */
  varint(): number
  take(length: number): Uint8Array
}

export function reader(bytes: Uint8Array): Reader {
  let at = 0
  return {
    get done() {
      return at === bytes.length
    },
    get at() {
      return at
    },
    varint: () => {
      let value = 0
      for (let scale = 1; ; scale *= 0x80) {
        const byte = bytes[at++]
        if (byte === undefined) throw new StorageError('integrity', 'A number is cut off.')
        value += (byte & 0x7f) * scale
        if (value > Number.MAX_SAFE_INTEGER) throw new StorageError('integrity', 'A number is too large.')
        if (byte >= 0x80) continue
        if (byte === 0 && scale > 1)
          throw new StorageError('integrity', 'A number is written in more bytes than it needs.')
        return value
      }
    },
    take: (length) => {
      if (length > bytes.length - at)
        throw new StorageError('integrity', `${length} bytes were announced, ${bytes.length - at} are there.`)
      at += length
      return bytes.subarray(at - length, at)
    },
  }
}
