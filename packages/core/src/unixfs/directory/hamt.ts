import { murmur364 } from '@multiformats/murmur3'
import { StorageError } from '../../errors/storage-error.ts'

/** Slots of a shard. Others are legal; nobody writes them. */
export const FANOUT = 256
/** Multicodec murmur3-x64-64. */
export const HASH_TYPE = 0x22
/** The hash has 64 bits, and a shard takes 8 of them. */
export const MAX_DEPTH = 8

const utf8 = new TextEncoder()

/** The slot that a name has in the shards above it, from the root down. */
export function slotsOf(name: string): Uint8Array {
  const digest = murmur364.encode(utf8.encode(name))
  if (digest instanceof Uint8Array) return digest
  throw new StorageError('unexpected', 'This murmur3 does not hash synchronously.')
}

/** How a slot is written before a link's name: two upper-case hexadecimal digits. */
export function slotPrefix(slot: number): string {
  return slot.toString(16).toUpperCase().padStart(2, '0')
}

/** The slot that a link's name starts with; `undefined` when it starts with none. */
export function parseSlotPrefix(linkName: string): number | undefined {
  return /^[\dA-F]{2}/.test(linkName) ? Number.parseInt(linkName.slice(0, 2), 16) : undefined
}

/** Which slots are taken: slot 0 is the lowest bit of the last byte; no zero bytes in front. */
export function slotBitfield(slots: Iterable<number>): Uint8Array {
  const bits = new Uint8Array(FANOUT / 8)
  for (const slot of slots) {
    const at = bits.length - 1 - (slot >> 3)
    bits[at] = (bits[at] as number) | (1 << (slot & 7))
  }
  return withoutLeadingZeros(bits)
}

export function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0)
  return first === -1 ? bytes.subarray(bytes.length) : bytes.subarray(first)
}
