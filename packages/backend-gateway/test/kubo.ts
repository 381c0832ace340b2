import type { Fixture } from '@stowage/backend-testkit'
import { bytesOf } from '@stowage/backend-testkit'
import { carFrame, carHeader, parseOutboard, type BlobSource, type Block, type CID } from '@stowage/core/spi'
import type { Kubo } from '@stowage/test-servers'
import { blocksOf } from './blocks-of.ts'

/** Gives a Kubo node all blocks of a blob, unpinned. */
export async function seed(kubo: Pick<Kubo, 'api'>, blob: BlobSource): Promise<void> {
  const fixture: Fixture = { ...blob, bytes: await bytesOf(blob.open()) }
  const blocks = [...blocksOf(fixture, parseOutboard(blob.outboard, blob.cid, blob.size))]
  // A block that comes often is sent once.
  await seedBlocks(kubo, blob.cid, new Map(blocks.map((block) => [block.cid.toString(), block])).values())
}

export async function seedBlocks(kubo: Pick<Kubo, 'api'>, root: CID, blocks: Iterable<Block>): Promise<void> {
  const car = Buffer.concat([carHeader([root]), ...[...blocks].map(carFrame)])
  const form = new FormData()
  form.append('file', new Blob([car]))
  await call(kubo, 'dag/import?pin-roots=false', form)
}

/** Removes everything that is not pinned. */
export async function empty(kubo: Pick<Kubo, 'api'>): Promise<void> {
  await call(kubo, 'repo/gc?quiet=true')
}

async function call({ api }: Pick<Kubo, 'api'>, path: string, body?: FormData): Promise<void> {
  const response = await fetch(`${api}/api/v0/${path}`, { method: 'POST', ...(body && { body }) })
  const text = await response.text()
  if (!response.ok || /"Err":"[^"]/.test(text)) throw new Error(`${path}: ${text}`)
}
