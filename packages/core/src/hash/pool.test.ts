import { execFile } from 'node:child_process'
import { closeSync, fsyncSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { digestOf, someBytes } from '../../test/dags.ts'
import { dagPbFrame, framed } from '../unixfs/frame.ts'
import { sha256 } from './digest.ts'
import { createPool, hashPool } from './pool.ts'
import { sharedBytes } from './shared-bytes.ts'

const folder = mkdtempSync(join(tmpdir(), 'stowage-pool-'))
afterAll(() => rmSync(folder, { recursive: true }))

const run = promisify(execFile)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const sizes = [0, 1, 65_535, 65_536, 65_537, 1_048_576, 1_048_577, 5_000_000]

/** A file that is open while `use` runs. */
async function opened<T>(name: string, flags: string, use: (fd: number) => Promise<T>): Promise<T> {
  const fd = openSync(join(folder, name), flags)
  try {
    return await use(fd)
  } finally {
    closeSync(fd)
  }
}

describe('the pool', () => {
  it.each(sizes)(
    'hashes %i bytes, from shared memory and from memory of the caller, with and without a frame',
    async (size) => {
      const bytes = someBytes(size)
      const shared = sharedBytes(size)
      shared.set(bytes)
      const frame = dagPbFrame(size)
      for (const input of [bytes, shared]) {
        expect(hex(await hashPool().hash(input))).toBe(hex(digestOf(bytes)))
        expect(hex(await hashPool().hash(input, frame))).toBe(hex(digestOf(framed(bytes, frame))))
      }
    },
  )

  it('leaves the bytes to the caller, also those that are part of something larger', async () => {
    const whole = someBytes(900_000)
    const part = whole.subarray(100_000, 700_000)
    expect(hex(await hashPool().hash(part))).toBe(hex(digestOf(part)))
    expect(part.length).toBe(600_000)
    expect(whole).toEqual(someBytes(900_000))
  })

  it('keeps many tasks apart', async () => {
    const inputs = Array.from({ length: 100 }, (_, i) => someBytes(70_000 + i, i))
    const digests = await Promise.all(inputs.map((bytes) => hashPool().hash(bytes)))
    expect(digests.map(hex)).toEqual(inputs.map((bytes) => hex(digestOf(bytes))))
  })

  it.each(sizes)('writes %i bytes where they belong while it hashes them', async (size) => {
    const bytes = someBytes(size)
    const frame = dagPbFrame(size)
    await opened(`write-${size}`, 'w', async (fd) => {
      expect(hex(await hashPool().hashAndWrite(bytes, fd, 10, { frame }))).toBe(hex(digestOf(framed(bytes, frame))))
      fsyncSync(fd)
    })
    const expected = size === 0 ? new Uint8Array(0) : Buffer.concat([Buffer.alloc(10), bytes])
    expect(Buffer.compare(readFileSync(join(folder, `write-${size}`)), expected)).toBe(0)
  })

  it.each(sizes)('hashes and copies a stretch of %i bytes of a file', async (size) => {
    const bytes = someBytes(size + 20)
    const stretch = bytes.subarray(10, 10 + size)
    writeFileSync(join(folder, `from-${size}`), bytes)
    await opened(`from-${size}`, 'r', async (fd) => {
      await opened(`to-${size}`, 'w', async (copyTo) => {
        expect(hex(await hashPool().hashFile({ fd, offset: 10, length: size }))).toBe(hex(digestOf(stretch)))
        const frame = dagPbFrame(size)
        expect(hex(await hashPool().hashFile({ fd, offset: 10, length: size, copyTo, frame }))).toBe(
          hex(digestOf(framed(stretch, frame))),
        )
      })
    })
    expect(Buffer.compare(readFileSync(join(folder, `to-${size}`)).subarray(10), stretch)).toBe(0)
  })

  it('hashes the leaves of a stretch one by one, the last one shorter, while it copies, writes or hands them over', async () => {
    const leafSize = 300_000
    const bytes = someBytes(2 * leafSize + 5)
    const frame = dagPbFrame(leafSize)
    const parts = [0, 1, 2].map((leaf) => bytes.subarray(leaf * leafSize, (leaf + 1) * leafSize))
    const plain = hex(Buffer.concat(parts.map((part) => digestOf(part))))
    const inFrames = hex(Buffer.concat(parts.map((part) => digestOf(framed(part, frame)))))
    writeFileSync(join(folder, 'leaves'), bytes)
    await opened('leaves', 'r', async (fd) => {
      const stretch = { fd, offset: 0, length: bytes.length, leafSize }
      await opened('leaves-copy', 'w', async (copyTo) => {
        expect(hex(await hashPool().hashFile({ ...stretch, copyTo }))).toBe(plain)
      })
      expect(hex(await hashPool().hashFile({ ...stretch, frame }))).toBe(inFrames)
      const read = await hashPool().read(stretch)
      expect(hex(read.digests)).toBe(plain)
      expect(Buffer.compare(read.bytes, bytes)).toBe(0)
    })
    await opened('leaves-written', 'w', async (fd) => {
      expect(hex(await hashPool().hashAndWrite(bytes, fd, 0, { leafSize, frame }))).toBe(inFrames)
    })
    for (const copy of ['leaves-copy', 'leaves-written'])
      expect(Buffer.compare(readFileSync(join(folder, copy)), bytes)).toBe(0)
  })

  it('reads into memory that it is given, which leaves its owner at once', async () => {
    const bytes = someBytes(200_000)
    writeFileSync(join(folder, 'into'), bytes)
    await opened('into', 'r', async (fd) => {
      for (const [room, kept] of [
        [300_000, true],
        [199_999, false],
      ] as const) {
        const into = new ArrayBuffer(room)
        const reading = hashPool().read({ fd, offset: 0, length: bytes.length }, into)
        expect(into.byteLength).toBe(0)
        const read = await reading
        expect(hex(read.digests)).toBe(hex(digestOf(bytes)))
        expect(Buffer.compare(read.bytes, bytes)).toBe(0)
        expect(read.bytes.buffer.byteLength === room).toBe(kept)
      }
      await expect(hashPool().read({ fd, offset: 100_000, length: 100_001 })).rejects.toMatchObject({
        code: 'conflict',
      })
    })
  })

  it('says conflict when the file ends early', async () => {
    writeFileSync(join(folder, 'short'), someBytes(2_000_000))
    truncateSync(join(folder, 'short'), 1_500_000)
    await opened('short', 'r', async (fd) => {
      await expect(hashPool().hashFile({ fd, offset: 0, length: 2_000_000 })).rejects.toMatchObject({
        code: 'conflict',
      })
      await expect(hashPool().hashFile({ fd, offset: 9_000_000, length: 1 })).rejects.toMatchObject({
        code: 'conflict',
      })
    })
  })

  it("passes on Node's own error", async () => {
    writeFileSync(join(folder, 'only-read'), someBytes(100_000))
    await opened('only-read', 'r', async (fd) => {
      const writing = hashPool().hashAndWrite(someBytes(100_000), fd, 0)
      await expect(writing).rejects.toMatchObject({ code: 'EBADF', syscall: 'write', errno: expect.any(Number) })
      await expect(writing).rejects.toBeInstanceOf(Error)
    })
    await expect(hashPool().hashFile({ fd: 1_000_000, offset: 0, length: 1 })).rejects.toMatchObject({
      code: 'EBADF',
      syscall: 'read',
    })
    await opened('.', 'r', async (fd) => {
      await expect(hashPool().hashFile({ fd, offset: 0, length: 1 })).rejects.toMatchObject({ code: 'EISDIR' })
    })
  })

  it.skipIf(process.platform !== 'linux')('passes on that a disk is full (needs /dev/full)', async () => {
    const fd = openSync('/dev/full', 'w')
    await expect(
      hashPool()
        .hashAndWrite(someBytes(100), fd, 0)
        .finally(() => closeSync(fd)),
    ).rejects.toMatchObject({ code: 'ENOSPC' })
  })

  it('has one to four workers', () => {
    expect(hashPool().size).toBeGreaterThanOrEqual(1)
    expect(hashPool().size).toBeLessThanOrEqual(4)
    expect(hashPool()).toBe(hashPool())
  })
})

/** A worker that ends when the first byte is 13, and answers with the first byte otherwise. */
const mortal = new URL(
  `data:text/javascript,${encodeURIComponent(`
  import { parentPort } from 'node:worker_threads'
  parentPort.on('message', ({ bytes }) => {
    if (bytes[0] === 13) process.exit(13)
    if (bytes[0] === 14) throw new Error('torn')
    parentPort.postMessage({ digests: bytes.slice(0, 1) })
  })
`)}`,
)

function large(first: number): Uint8Array {
  return new Uint8Array(70_000).fill(first, 0, 1)
}

describe('a worker that dies', () => {
  it.each([13, 14])('rejects its own tasks as transient, and another takes over (%i)', async (fatal) => {
    const pool = createPool(1, mortal)
    const fates = await Promise.allSettled(
      [large(1), large(fatal), large(2), large(3), large(fatal), large(4)].map((bytes) => pool.hash(bytes)),
    )
    expect(fates[0]).toMatchObject({ status: 'fulfilled' })
    for (const at of [1, 4])
      expect(fates[at]).toMatchObject({ status: 'rejected', reason: { code: 'unexpected', transient: true } })
    for (const fate of fates)
      if (fate.status === 'rejected') expect(fate.reason).toMatchObject({ code: 'unexpected', transient: true })
    expect(await pool.hash(large(7))).toEqual(Uint8Array.of(7))
    await Promise.allSettled([pool.hash(large(13))])
    expect(await Promise.all([5, 6, 7].map((first) => pool.hash(large(first))))).toEqual(
      [5, 6, 7].map((first) => Uint8Array.of(first)),
    )
  })

  it('rejects all tasks when none can be started', async () => {
    const pool = createPool(2, new URL('file:///nowhere/worker.js'))
    const fates = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => pool.hash(large(i))))
    for (const fate of fates)
      expect(fate).toMatchObject({ status: 'rejected', reason: { code: 'unexpected', transient: true } })
  })
})

describe('the process', () => {
  const script = (module: URL): string => `
    const { hashPool } = await import(${JSON.stringify(module.href)})
    const digest = await hashPool().hash(new Uint8Array(2_000_000))
    process.stdout.write(Buffer.from(digest).toString('hex'))
  `
  it('stays until a task is done, then ends by itself', async () => {
    const { stdout } = await run(process.execPath, [
      '--input-type=module',
      '-e',
      script(new URL('./pool.ts', import.meta.url)),
    ])
    expect(stdout).toBe(hex(sha256(new Uint8Array(2_000_000))))
  })
})
