/** Fresh memory that workers read in place. Copy (`slice`) what outlives the work or is given to users. */
export function sharedBytes(length: number): Uint8Array<SharedArrayBuffer> {
  return new Uint8Array(new SharedArrayBuffer(length))
}

export function isShared(bytes: Uint8Array): boolean {
  return bytes.buffer instanceof SharedArrayBuffer
}

/** Buffers that are used again: the first touch of fresh memory costs more than hashing it. */
export interface BufferRing {
  /** Shared memory of that length, with whatever it held before. */
  take(length: number): Uint8Array
  /** Gives back what `take` gave; nobody may look at it any more. */
  give(bytes: Uint8Array): void
}

/** Keeps up to `count` buffers of up to `maxSize` bytes; others are fresh and forgotten. */
export function bufferRing(count: number, maxSize: number): BufferRing {
  const free: SharedArrayBuffer[] = []
  return {
    take: (length) => {
      if (length > maxSize) return sharedBytes(length)
      return new Uint8Array(free.pop() ?? new SharedArrayBuffer(maxSize), 0, length)
    },
    give: ({ buffer }) => {
      if (buffer instanceof SharedArrayBuffer && buffer.byteLength === maxSize && free.length < count) free.push(buffer)
    },
  }
}
