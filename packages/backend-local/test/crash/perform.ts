import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashContent, parseCid, parseOutboard, type CID, type CommitOptions, type NearStore } from '@stowage/core/spi'
import { bodyOf } from '../content.ts'
import type { Model, Operation, Thing } from './model.ts'
import { bytesOfThing, directoryOf, smallLeaves } from './things.ts'

/** What an operation needs is not there. */
export class Gone extends Error {}

/** Does it. Once this resolves, the store has promised that it is done. */
export async function perform(store: NearStore, model: Model, operation: Operation): Promise<void> {
  switch (operation.kind) {
    case 'put':
      return put(store, operation)
    case 'directory': {
      const children = operation.thing.children.map((id) => known(model, id))
      await store.putDirectory(directoryOf(operation.thing.id, children), commitOf(operation))
      return
    }
    case 'name':
      return store.catalog.names.set({ name: operation.name }, cidOf(model, operation.id))
    case 'unname':
      await store.catalog.names.remove(operation.name)
      return
    case 'pin':
      if (!(await store.catalog.pins.set(cidOf(model, operation.id)))) throw new Gone('Nothing to pin.')
      return
    case 'unpin':
      if (!(await store.catalog.pins.remove(cidOf(model, operation.id)))) throw new Gone('Nothing to unpin.')
      return
    case 'delete':
      if (!(await store.delete(cidOf(model, operation.id)))) throw new Gone('Nothing to delete.')
      return
    case 'view':
      await store.directoryPath?.(cidOf(model, operation.id))
      return
    case 'lease': {
      const lease = await store.lease(cidOf(model, operation.id))
      return lease.release()
    }
    case 'half': {
      const bytes = bytesOfThing(operation.thing)
      const partial = await store.partial(await hashContent(bodyOf(bytes), { layout: smallLeaves }))
      await partial.write(1, bytes.subarray(4096, 8192))
      return partial.close()
    }
    case 'gc':
      await store.gc({ maxSize: operation.maxSize })
      return
    case 'reopen':
      throw new Error('Whoever has the store opens it again.')
  }
}

async function put(store: NearStore, operation: Extract<Operation, { kind: 'put' }>): Promise<void> {
  const { thing, way } = operation
  const bytes = bytesOfThing(thing)
  const layout = operation.leaves === 'small' ? { layout: smallLeaves } : {}
  const commit = commitOf(operation)
  if (way === 'stream') {
    await store.ingest(bodyOf(bytes), { ...layout, ...commit })
  } else if (way === 'file') {
    const folder = await mkdtemp(join(tmpdir(), 'stowage-source-'))
    try {
      await writeFile(join(folder, 'file'), bytes)
      await store.ingestFile?.(join(folder, 'file'), { ...layout, ...commit })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  } else {
    const built = await hashContent(bodyOf(bytes), layout)
    if (way === 'known') return store.put({ ...built, open: () => bodyOf(bytes) })
    const partial = await store.partial(built)
    const { leaves } = parseOutboard(built.outboard, built.cid, built.size)
    for (const leaf of partial.missing())
      await partial.write(leaf, bytes.subarray(leaves.offset(leaf), leaves.offset(leaf) + leaves.length(leaf)))
    await partial.publish(commit)
  }
}

function commitOf(operation: {
  readonly name?: string | undefined
  readonly pin?: boolean | undefined
  readonly thing: Thing
}): CommitOptions {
  const { name, pin, thing } = operation
  return { pin, member: thing.member, ...(name !== undefined && { name: { name } }) }
}

function known({ things }: Model, id: string): Thing {
  const thing = things.get(id)
  if (thing === undefined) throw new Error(`No thing has the id ${id}.`)
  return thing
}

function cidOf(model: Model, id: string): CID {
  return parseCid(known(model, id).cid)
}
