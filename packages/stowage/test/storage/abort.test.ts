import { expect, test } from 'vitest'
import { writeFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { all, code, onBoth, pattern, temporaryFolder } from './both.ts'

const LEAF = 1_048_576

/** A source that gives so many chunks and then waits for ever; it says when somebody waits. */
function stalling(chunks: number): {
  source: AsyncGenerator<Uint8Array>
  stalled: Promise<void>
  released: () => boolean
} {
  let released = false
  let say = (): void => {}
  const stalled = new Promise<void>((resolve) => (say = resolve))
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      for (let i = 0; i < chunks; i++) yield pattern(LEAF, i)
      say()
      await new Promise(() => {})
    } finally {
      released = true
    }
  }
  return { source: source(), stalled, released: () => released }
}

onBoth('a source that fails', (open) => {
  test('midway: its own error, nothing stored', async () => {
    const storage = await open()
    const failure = new Error('the line went dead')
    async function* source(): AsyncGenerator<Uint8Array> {
      yield pattern(3 * LEAF)
      throw failure
    }
    await expect(storage.put(source(), { name: 'n' })).rejects.toBe(failure)
    expect(await all(storage.list())).toEqual([])
    expect(await storage.has('n')).toBe(false)
  })

  test('by giving no bytes', async () => {
    const storage = await open()
    async function* source(): AsyncGenerator<Uint8Array> {
      yield pattern(LEAF + 1)
      yield 'text' as unknown as Uint8Array
    }
    await expect(storage.put(source())).rejects.toEqual(code('invalid-argument'))
    expect(await all(storage.list())).toEqual([])
  })

  test.each([0, 1, 3])('by stalling after %s leaves: abort ends the put with its own reason', async (chunks) => {
    const storage = await open()
    const abort = new AbortController()
    const { source, stalled } = stalling(chunks)
    const reason = { why: 'the user left' }
    const outcome = expect(storage.put(source, { signal: abort.signal })).rejects.toBe(reason)
    await stalled
    abort.abort(reason)
    await outcome
    expect(await all(storage.list())).toEqual([])
  })
})

onBoth('abort', (open) => {
  test('before anything: every call', async () => {
    const storage = await open()
    const { cid } = await storage.put('x', { name: 'x' })
    const reason = new Error('no')
    const options = { signal: AbortSignal.abort(reason) }
    const calls: (() => Promise<unknown>)[] = [
      () => storage.put('y', options),
      () => storage.putFile('/nowhere', options),
      () => storage.putDirectory('/nowhere', options),
      () => storage.get(cid, options).bytes(),
      () => storage.get(cid).text(options),
      () => storage.get(cid).path(options),
      () => storage.get(cid).saveTo('/nowhere/x', options),
      () => storage.has(cid, options),
      () => storage.stat(cid, options),
      () => storage.delete(cid, options),
      () => all(storage.list(options)),
      () => all(storage.ls(cid, options)),
      () => storage.resolve('x', options),
      () => storage.name('z', cid, options),
      () => storage.pin(cid, options),
      () => storage.unpin(cid, options),
      () => all(storage.pins(options)),
      () => all(storage.providers(cid, options)),
      () => storage.replicate(cid, options),
      () => all(storage.verify(cid, options)),
      () => storage.gc(options),
      () => storage.importCar(new Uint8Array(), options),
      () => all(storage.exportCar(cid, options)),
      () => storage.status(options),
    ]
    for (const call of calls) await expect(call()).rejects.toBe(reason)
    expect(await storage.get('x').text()).toBe('x')
  })

  test('while a body is read', async () => {
    const storage = await open()
    const { cid } = await storage.put(pattern(4 * LEAF))
    const abort = new AbortController()
    const reason = new Error('enough')
    const read = async (): Promise<void> => {
      for await (const _ of storage.get(cid, { signal: abort.signal })) abort.abort(reason)
    }
    await expect(read()).rejects.toBe(reason)
    expect((await storage.get(cid).bytes()).length).toBe(4 * LEAF)
  })

  test('while a file is saved: nothing is left beside it', async () => {
    const storage = await open()
    const { cid } = await storage.put(pattern(8 * LEAF))
    const folder = await temporaryFolder()
    const abort = new AbortController()
    const reason = new Error('stop')
    const onProgress = (): void => abort.abort(reason)
    await expect(
      storage.get(cid).saveTo(join(folder, 'f'), { mode: 'copy', signal: abort.signal, onProgress }),
    ).rejects.toBe(reason)
    expect(await readdir(folder)).toEqual([])
  })
})

onBoth('close', (open) => {
  test('while busy: what is under way ends stored or closed, what comes later is refused', async () => {
    const storage = await open()
    const { cid } = await storage.put('kept')
    const { source, stalled } = stalling(1)
    const reader = storage.get(cid)[Symbol.asyncIterator]()
    await reader.next()
    const outcome = expect(storage.put(source)).rejects.toEqual(code('closed'))
    await stalled
    await storage.close()
    await outcome
    await expect(storage.put('late')).rejects.toEqual(code('closed'))
    await expect(storage.get(cid).bytes()).rejects.toEqual(code('closed'))
    await expect(all(storage.list())).rejects.toEqual(code('closed'))
    await storage.close()
  })

  test('races with many puts', async () => {
    const storage = await open()
    const puts = Array.from({ length: 20 }, (_, i) => storage.put(pattern(100_000, i)))
    const outcomes = Promise.allSettled(puts)
    await storage.close()
    for (const outcome of await outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toEqual(code('closed'))
  })
})

onBoth('bad paths', (open) => {
  test('put', async () => {
    const storage = await open()
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'file'), 'x')
    await expect(storage.putFile(join(folder, 'missing'))).rejects.toEqual(code('not-found'))
    await expect(storage.putFile(folder)).rejects.toEqual(code('invalid-argument'))
    await expect(storage.putDirectory(join(folder, 'missing'))).rejects.toEqual(code('not-found'))
    await expect(storage.putDirectory(join(folder, 'file'))).rejects.toEqual(code('invalid-argument'))
    await expect(storage.putFile('nul\0')).rejects.toEqual(code('invalid-argument'))
    await expect(storage.put('x', { to: ['nowhere'] })).rejects.toEqual(code('invalid-argument'))
    await expect(storage.put('x', { chunker: 'size-0' })).rejects.toEqual(code('invalid-argument'))
    await expect(storage.put('x', { chunker: 'rabin' })).rejects.toEqual(code('invalid-argument'))
    await expect(storage.put('x', { layout: 'constructor' as 'unixfs-v1-2025' })).rejects.toEqual(
      code('invalid-argument'),
    )
    expect(await all(storage.list())).toEqual([])
  })
})
