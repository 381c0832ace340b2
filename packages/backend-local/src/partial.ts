import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import {
  StorageError,
  assertStorable,
  cidKey,
  parseOutboard,
  throwIfAborted,
  type BlobStat,
  type CallOptions,
  type PartialBlob,
  type PartialOptions,
} from '@stowage/core/spi'
import { partialPath } from './address.ts'
import { assertCommit } from './commit.ts'
import { removeTree } from './files.ts'
import { outboardFile } from './ingest.ts'
import { checkLeaf } from './leaves.ts'
import { lockAtDoor, type DoorLock } from './door.ts'
import { lock } from './lock.ts'
import { openPartialFile } from './partial-file.ts'
import { publish } from './publish.ts'
import type { Session } from './session.ts'

/** Opens a partial blob, once nobody else has it open, in this or another process. */
export async function partial(
  session: Session,
  blob: BlobStat & { readonly outboard: Uint8Array },
  { announce = false }: PartialOptions,
  signal: AbortSignal,
): Promise<PartialBlob> {
  const { cid, size } = blob
  assertStorable(cid)
  const given = blob.outboard.slice()
  const outboard = parseOutboard(given, cid, size)
  const { count } = outboard.leaves
  const folder = join(session.dir, partialPath(cidKey(cid)))
  const held: DoorLock = announce ? await lockAtDoor(folder, signal) : await lock(`${folder}.lock`, signal)
  const file = await openPartialFile(folder, outboard, signal).catch((error: unknown) => {
    held.release()
    throw error
  })
  const running = new Set<Promise<unknown>>()
  let ended: Promise<void> | undefined

  function call<T>(
    operation: string,
    options: CallOptions | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return session.life.run({ operation: `partial.${operation}`, cid }, options, async (signal) => {
      if (ended !== undefined) throw new StorageError('closed', `The partial blob ${cid} is closed.`, { cid })
      const promise = work(signal)
      running.add(promise)
      try {
        return await promise
      } finally {
        running.delete(promise)
      }
    })
  }

  async function finish(clean: boolean): Promise<void> {
    release()
    await Promise.allSettled(running)
    try {
      await file.close()
      if (clean) await removeTree(folder)
    } finally {
      held.release()
    }
  }
  const end = (clean: boolean): Promise<void> => (ended ??= finish(clean))
  const release = session.life.hold(() => end(false))

  function* missing(): Iterable<number> {
    for (let leaf = 0; leaf < count; leaf++) if (!file.has(leaf)) yield leaf
  }

  function assertLeaf(leaf: number): void {
    if (Number.isInteger(leaf) && leaf >= 0 && leaf < count) return
    throw new StorageError('invalid-argument', `${cid} has leaves 0 to ${count - 1}, and no leaf ${leaf}.`, { cid })
  }

  return {
    cid,
    size,
    leafCount: count,
    contended: held.contended,
    has: file.has,
    missing,
    write: (leaf, bytes, options) =>
      call('write', options, async (signal) => {
        assertLeaf(leaf)
        throwIfAborted(signal)
        if (!(await file.take(leaf, bytes))) {
          throw new StorageError('integrity', `These are not the bytes of leaf ${leaf} of ${cid}.`, { cid })
        }
      }),
    read: (leaf, options) =>
      call('read', options, async () => {
        assertLeaf(leaf)
        if (!file.has(leaf)) throw new StorageError('not-found', `Leaf ${leaf} of ${cid} is not here yet.`, { cid })
        const bytes = await file.read(leaf)
        if (await checkLeaf(outboard, leaf, bytes)) return bytes
        await file.forget(leaf)
        throw new StorageError('integrity', `Leaf ${leaf} of ${cid} is not what was written.`, { cid })
      }),
    publish: async (options = {}) => {
      const published = await call('publish', options, async (signal) => {
        assertCommit(session, options)
        for (const leaf of missing()) throw new StorageError('conflict', `Leaf ${leaf} of ${cid} is missing.`, { cid })
        await file.sync()
        await chmod(file.dataPath, 0o444)
        const staged = {
          cid,
          size,
          path: file.dataPath,
          directory: false,
          outboard: outboardFile({ cid, outboard: given }),
        }
        return publish(session, staged, options, signal)
      })
      await end(true)
      return { ...published, size, outboard: given.slice() }
    },
    close: () => end(false),
    discard: () => end(true),
  }
}
