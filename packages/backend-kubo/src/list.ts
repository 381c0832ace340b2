import { cidKey, isStorable, StorageError, tryParseCid, type BlobStat, type CID } from '@stowage/core/spi'
import type { Settings } from './options.ts'
import type { Rpc } from './rpc.ts'

/** The empty directory, which every repository has pinned from the start. */
const EMPTY = 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354'

/** Pins whose roots are looked at side by side. */
const AT_ONCE = 8

/** Everything that is pinned recursively and is a blob or a directory, each once. Pins whose root is not at hand are passed over. */
export async function* list(
  rpc: Rpc,
  statOf: (cid: CID) => Promise<BlobStat | undefined>,
  { storeTimeout }: Settings,
  signal: AbortSignal,
): AsyncGenerator<BlobStat> {
  const seen = new Set([EMPTY])
  let batch: CID[] = []
  const options = { type: 'recursive', stream: true }
  for await (const { Cid } of rpc.each({ name: 'pin/ls', options, patience: storeTimeout, signal })) {
    const cid = typeof Cid === 'string' ? tryParseCid(Cid) : undefined
    if (cid === undefined || !isStorable(cid) || seen.has(cidKey(cid))) continue
    seen.add(cidKey(cid))
    batch.push(cid)
    if (batch.length < AT_ONCE) continue
    yield* await statsOf(batch, statOf)
    batch = []
  }
  yield* await statsOf(batch, statOf)
}

async function statsOf(
  cids: readonly CID[],
  statOf: (cid: CID) => Promise<BlobStat | undefined>,
): Promise<readonly BlobStat[]> {
  const stats = await Promise.all(
    cids.map((cid) =>
      statOf(cid).catch((error: unknown) => {
        if (StorageError.is(error, 'unsupported')) return undefined
        throw error
      }),
    ),
  )
  return stats.filter((stat) => stat !== undefined)
}
