import {
  blobBlocks,
  blockReader,
  carFrame,
  carHeader,
  StorageError,
  type Backend,
  type BlobSource,
  type CallOptions,
} from '@stowage/core/spi'

/** All of a blob as a CAR. */
export async function carOf(blob: BlobSource, options: CallOptions = {}): Promise<Buffer<ArrayBuffer>> {
  const frames = [carHeader([blob.cid])]
  for await (const block of blobBlocks(blob, options)) frames.push(carFrame(block))
  return Buffer.concat(frames)
}

/** A Kubo node that takes blobs and serves them to other nodes. */
export function takerAt(api: string): Backend {
  return {
    ...nothing,
    name: 'taker',
    put: async (blob, options = {}) => importTo(api, await carOf(blob, options)),
    putDirectory: async ({ cid, nodes }) => importTo(api, Buffer.concat([carHeader([cid]), ...nodes.map(carFrame)])),
  }
}

async function importTo(api: string, car: Buffer<ArrayBuffer>): Promise<void> {
  const form = new FormData()
  form.append('file', new Blob([car]))
  const answer = await fetch(`${api}/api/v0/dag/import?pin-roots=false`, { method: 'POST', body: form })
  if (!answer.ok) throw new StorageError('unavailable', await answer.text())
}

/** What a trustless gateway gives. */
export function gatewayAt(url: string): Backend {
  return {
    ...nothing,
    name: 'gateway',
    traits: { ranges: 'native', verifies: 'leaves' },
    ...blockReader(async (cid, { signal }) => {
      const init = { headers: { accept: 'application/vnd.ipld.raw' }, ...(signal && { signal }) }
      const answer = await fetch(`${url}/ipfs/${cid.toString()}?format=raw`, init)
      return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : undefined
    }),
  }
}

export const nothing: Backend = {
  name: 'nothing',
  traits: { ranges: 'none', verifies: 'nothing' },
  stat: async () => undefined,
  read: async () => Promise.reject(new StorageError('not-found', 'It has nothing.')),
  health: async () => ({ reachable: true }),
  close: async () => {},
}
