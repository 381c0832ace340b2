import { cidKey, parseOutboard, type CID, type Outboard } from '@stowage/core/spi'

/** Parsed outboards of blobs read lately. What is in here was verified against its CID, so it never goes stale. */
export interface Outboards {
  parse(bytes: Uint8Array, cid: CID, size: number): Outboard
  get(cid: CID, size: number): Outboard | undefined
}

/** Bytes of outboards kept; a parsed one takes a small multiple of its bytes. */
const BUDGET = 8 * 1024 * 1024

export function createOutboards(): Outboards {
  const kept = new Map<string, { outboard: Outboard; bytes: number }>()
  let total = 0

  function keep(key: string, outboard: Outboard, bytes: number): void {
    total += bytes - (kept.get(key)?.bytes ?? 0)
    kept.delete(key)
    kept.set(key, { outboard, bytes })
    for (const [oldest, entry] of kept) {
      if (total <= BUDGET) break
      kept.delete(oldest)
      total -= entry.bytes
    }
  }

  return {
    parse: (bytes, cid, size) => {
      const outboard = parseOutboard(bytes, cid, size)
      if (outboard.nodes.length > 0) keep(cidKey(cid), outboard, bytes.length)
      return outboard
    },
    get: (cid, size) => {
      const key = cidKey(cid)
      const found = kept.get(key)
      if (found === undefined || found.outboard.size !== size) return undefined
      kept.delete(key)
      kept.set(key, found)
      return found.outboard
    },
  }
}
