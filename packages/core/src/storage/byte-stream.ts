import type { UnderlyingByteSource } from 'node:stream/web'

type Bytes = Uint8Array<ArrayBuffer>

/** Chunks that are read once. With `lend`, each is valid until the next one is asked for. */
export type OpenBytes = (options: { readonly lend: boolean }) => AsyncIterator<Bytes>

/**
 * A web stream of bytes. A reader that brings buffers of its own (`getReader({ mode: 'byob' })`) gets them filled, and no
 * memory is made for it; any other gets chunks that it may keep. Nothing is opened before the first read.
 */
export function byteStream(open: OpenBytes): ReadableStream<Bytes> {
  let body: AsyncIterator<Bytes> | undefined
  let lent = false
  let left: Bytes | undefined

  /** Bytes that nobody has taken yet; `undefined`: there are no more. */
  async function next(): Promise<Bytes | undefined> {
    while (left === undefined || left.length === 0) {
      const result = await body?.next()
      if (result === undefined || result.done === true) return undefined
      left = result.value
    }
    return left
  }

  const source: UnderlyingByteSource = {
    type: 'bytes',
    async pull(controller) {
      if (body === undefined) {
        lent = controller.byobRequest !== null
        body = open({ lend: lent })
      }
      const bytes = await next()
      const request = controller.byobRequest
      const room = request?.view
      if (bytes === undefined) {
        controller.close()
        request?.respond(0)
      } else if (request && room) {
        const count = Math.min(room.byteLength, bytes.length)
        new Uint8Array(room.buffer, room.byteOffset, count).set(bytes.subarray(0, count))
        left = bytes.subarray(count)
        request.respond(count)
      } else {
        // What is enqueued changes hands, and must bring nothing along that somebody else may hold.
        const own = !lent && bytes.byteLength === bytes.buffer.byteLength
        left = undefined
        controller.enqueue(own ? bytes : bytes.slice())
      }
    },
    async cancel() {
      await body?.return?.()
    },
  }
  return new ReadableStream(source) as ReadableStream<Bytes>
}
