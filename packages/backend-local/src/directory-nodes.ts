import { readCar, type Block } from '@stowage/core/spi'

/** A directory's own nodes, as they lie on disk. Root first, not verified: `directoryLinks` does that. */
export async function parseNodes(bytes: Uint8Array): Promise<readonly Block[]> {
  const nodes: Block[] = []
  const { blocks } = await readCar(bodyOf(bytes))
  for await (const block of blocks) nodes.push(block)
  return nodes
}

export async function* bodyOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
