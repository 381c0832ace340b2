import { describe, expect, it } from 'vitest'
import { someBytes } from '../../test/dags.ts'
import { byteStream, type OpenBytes } from './byte-stream.ts'

const bytes = someBytes(10_000)

interface Source {
  readonly open: OpenBytes
  readonly lent: boolean[]
  readonly ended: () => boolean
}

/** Chunks of many sizes, one of them empty. Lent ones are overwritten when the next is asked for. */
function source(): Source {
  const lent: boolean[] = []
  let ended = false
  async function* chunks(lend: boolean): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    try {
      for (const [from, to] of [
        [0, 1],
        [1, 4000],
        [4000, 4000],
        [4000, 10_000],
      ] as const) {
        const chunk = bytes.slice(from, to)
        yield chunk
        if (lend) chunk.fill(0)
      }
    } finally {
      ended = true
    }
  }
  return { open: ({ lend }) => (lent.push(lend), chunks(lend)), lent, ended: () => ended }
}

async function readInto(stream: ReadableStream<Uint8Array<ArrayBuffer>>, room: number): Promise<Uint8Array> {
  const reader = stream.getReader({ mode: 'byob' })
  const parts: Uint8Array[] = []
  for (let memory = new ArrayBuffer(room); ;) {
    const { done, value } = await reader.read(new Uint8Array(memory))
    if (done) return Buffer.concat(parts)
    parts.push(value.slice())
    memory = value.buffer as ArrayBuffer
  }
}

describe('a stream of bytes', () => {
  it.each([1, 7, 4096, 100_000])(
    'fills buffers of %i bytes that its reader brings, out of lent chunks',
    async (room) => {
      const { open, lent, ended } = source()
      expect(Buffer.compare(await readInto(byteStream(open), room), bytes)).toBe(0)
      expect(lent).toEqual([true])
      expect(ended()).toBe(true)
    },
  )

  it('gives any other reader chunks to keep', async () => {
    const { open, lent } = source()
    const kept: Uint8Array[] = []
    for await (const chunk of byteStream(open)) kept.push(chunk)
    expect(Buffer.compare(Buffer.concat(kept), bytes)).toBe(0)
    expect(lent).toEqual([false])
  })

  it('may change its reader midway', async () => {
    const stream = byteStream(source().open)
    const byob = stream.getReader({ mode: 'byob' })
    const first = await byob.read(new Uint8Array(100))
    const second = await byob.read(new Uint8Array(100))
    byob.releaseLock()
    const kept = [first.value?.slice() ?? [], second.value?.slice() ?? []].map((part) => Uint8Array.from(part))
    for await (const chunk of stream) kept.push(chunk)
    expect(Buffer.compare(Buffer.concat(kept), bytes)).toBe(0)
  })

  it('takes no memory away from whoever else looks at it', async () => {
    const whole = someBytes(100)
    async function* parts(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
      yield whole.subarray(0, 50) as Uint8Array<ArrayBuffer>
      yield whole.subarray(50) as Uint8Array<ArrayBuffer>
    }
    const kept: Uint8Array[] = []
    for await (const chunk of byteStream(parts)) kept.push(chunk)
    expect(Buffer.compare(Buffer.concat(kept), whole)).toBe(0)
    expect(whole.length).toBe(100)
  })

  it('opens nothing before the first read, and ends what it opened when it is cancelled', async () => {
    const { open, lent, ended } = source()
    const stream = byteStream(open)
    expect(lent).toEqual([])
    const reader = stream.getReader()
    await reader.read()
    await reader.cancel()
    expect(ended()).toBe(true)
  })

  it('passes on what goes wrong', async () => {
    const failure = new Error('gone')
    async function* failing(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
      yield bytes.slice(0, 10)
      throw failure
    }
    await expect(readInto(byteStream(failing), 100)).rejects.toBe(failure)
    await expect(new Response(byteStream(failing)).arrayBuffer()).rejects.toBe(failure)
  })
})
