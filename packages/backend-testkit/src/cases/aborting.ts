import type { Backend, CallOptions } from '@stowage/core/spi'
import type { ConformanceCase } from '../case.ts'
import { bytesOf, check, collect, rejectsWith } from '../check.ts'
import { blobOf, blobsOf, LEAF, type Fixture } from '../fixtures.ts'
import { after, hanging, sourceOf, watch } from '../hostile.ts'
import { able, one } from './make.ts'
import { isAbsent } from './putting.ts'

const SIZE = 3 * LEAF + 7

/** One call of each method that the backend has. */
export function everyCall(
  backend: Backend,
  blob: Fixture,
  options?: CallOptions,
): (readonly [string, () => Promise<unknown>])[] {
  const { cid } = blob
  const { outboard, put, delete: remove, list, pin, unpin, providers } = backend
  const calls: (readonly [string, false | (() => Promise<unknown>)])[] = [
    ['stat', () => backend.stat(cid, options)],
    ['read', async () => bytesOf((await backend.read(cid, options)).body)],
    ['outboard', outboard !== undefined && (() => outboard.call(backend, cid, options))],
    ['put', put !== undefined && (() => put.call(backend, blob, options))],
    ['list', list !== undefined && (() => collect(list.call(backend, options)))],
    ['pin', pin !== undefined && (() => pin.call(backend, cid, options))],
    ['unpin', unpin !== undefined && (() => unpin.call(backend, cid, options))],
    ['providers', providers !== undefined && (() => collect(providers.call(backend, cid, options)))],
    ['delete', remove !== undefined && (() => remove.call(backend, cid, options))],
  ]
  return calls.flatMap(([name, call]) => (call === false ? [] : [[name, call] as const]))
}

export const abortingCases: readonly ConformanceCase[] = [
  one('abort: a call that was aborted before rejects with the reason itself', ['filled'], async (context) => {
    const backend = await context.open()
    const blob = await blobOf(LEAF + 1)
    await context.fill(backend, blob)
    const reason = new Error('changed my mind')
    for (const [, call] of everyCall(backend, blob, { signal: AbortSignal.abort(reason) }))
      await rejectsWith(call(), reason)
    await rejectsWith(backend.health({ signal: AbortSignal.abort(reason) }), reason)
  }),
  one('abort: a reason that is no error comes out as it is', ['filled'], async (context) => {
    const backend = await context.open()
    const blob = await blobOf(11)
    await context.fill(backend, blob)
    for (const [, call] of everyCall(backend, blob, { signal: AbortSignal.abort('enough') }))
      await rejectsWith(call(), 'enough')
  }),
  one('abort: ends a body before its first chunk', ['filled'], async (context) => {
    const backend = await context.open()
    const blob = await blobOf(SIZE)
    await context.fill(backend, blob)
    const abort = new AbortController()
    const { body } = await backend.read(blob.cid, { signal: abort.signal })
    const reason = new Error('changed my mind')
    abort.abort(reason)
    await context.settled(rejectsWith(bytesOf(body), reason))
  }),
  one('abort: ends a body between two chunks', ['filled'], async (context) => {
    const backend = await context.open()
    const blob = await blobOf(SIZE)
    await context.fill(backend, blob)
    const abort = new AbortController()
    const reason = new Error('changed my mind')
    const { body } = await backend.read(blob.cid, { signal: abort.signal })
    let given = 0
    const readOn = async () => {
      for await (const chunk of body) {
        given += chunk.length
        abort.abort(reason)
      }
    }
    await context.settled(rejectsWith(readOn(), reason))
    check(given < SIZE, 'gave everything')
  }),
  one('abort: stops a put, which leaves nothing behind and lets go of its source', ['put'], async (context) => {
    const backend = able(await context.open(), 'put')
    const blob = await blobOf(SIZE)
    const abort = new AbortController()
    const reason = new Error('changed my mind')
    const source = watch(after(blob.bytes, LEAF + 1, () => abort.abort(reason)))
    await context.settled(
      rejectsWith(
        backend.put(
          sourceOf(blob, () => source.body),
          { signal: abort.signal },
        ),
        reason,
      ),
    )
    check(source.released(), 'did not let go of the source')
    await isAbsent(backend, blob)
  }),
  one('abort: stops a put whose source hangs', ['put'], async (context) => {
    const backend = able(await context.open(), 'put')
    const blob = await blobOf(SIZE)
    const abort = new AbortController()
    const reason = new Error('changed my mind')
    const source = hanging(blob.bytes.subarray(0, LEAF + 1))
    const put = backend.put(
      sourceOf(blob, () => source.body),
      { signal: abort.signal },
    )
    const rejected = rejectsWith(put, reason)
    await context.settled(source.reached)
    abort.abort(reason)
    await context.settled(rejected)
    check(source.released(), 'did not let go of the source')
    await isAbsent(backend, blob)
  }),
  one('abort: ends a list between two items', ['list', 'filled'], async (context) => {
    const backend = able(await context.open(), 'list')
    for (const blob of await blobsOf(5, 100)) await context.fill(backend, blob)
    const abort = new AbortController()
    const reason = new Error('changed my mind')
    const goOn = async () => {
      for await (const item of backend.list({ signal: abort.signal })) abort.abort(item && reason)
    }
    await context.settled(rejectsWith(goOn(), reason))
  }),
  one('abort: a signal that aborts when all is over changes nothing', ['filled'], async (context) => {
    const backend = await context.open()
    const blob = await blobOf(LEAF + 1)
    await context.fill(backend, blob)
    const abort = new AbortController()
    for (const [name, call] of everyCall(backend, blob, { signal: abort.signal })) if (name !== 'delete') await call()
    abort.abort(new Error('too late'))
    for (const [name, call] of everyCall(backend, blob)) if (name !== 'delete') await call()
  }),
]
