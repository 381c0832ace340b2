import type { CID } from 'multiformats/cid'
import { cidKey } from '../../cid/key.ts'
import { assertStorable } from '../../cid/storable.ts'
import { StorageError } from '../../errors/storage-error.ts'
import { collectOutboard } from '../../outboard/collect.ts'
import { inlineLeaf } from '../../outboard/leaf.ts'
import { parseOutboard } from '../../outboard/parse.ts'
import type { Block, Directory } from '../../spi/near-store.ts'
import { collectDirectory } from '../../unixfs/directory/collect-directory.ts'
import { directoryLinks } from '../../unixfs/directory/directory-links.ts'
import { nodeKind } from '../../unixfs/directory/node-kind.ts'
import type { Staging } from './staging.ts'

/** What an import will store, children before the directories that hold them, each once. */
export type Step =
  | { readonly kind: 'blob'; readonly cid: CID; readonly size: number; readonly outboard: Uint8Array }
  | { readonly kind: 'directory'; readonly directory: Directory }

/** Deeper than any path that a file system takes. */
const MAX_DEPTH = 1024

/** Walks everything below the roots and makes sure that all of it is staged, before anything becomes visible. */
export async function planImport(staged: Staging, roots: readonly CID[], signal: AbortSignal): Promise<readonly Step[]> {
  const steps: Step[] = []
  const sizes = new Map<string, number>()

  const visit = async (cid: CID, depth: number): Promise<number> => {
    signal.throwIfAborted()
    const key = cidKey(cid)
    const known = sizes.get(key)
    if (known !== undefined) return known
    if (depth > MAX_DEPTH) throw new StorageError('integrity', `Directories nested more than ${MAX_DEPTH} deep.`, { cid })
    assertStorable(cid)
    const block = await staged.get(cid)
    const kind = nodeKind(block)
    const size = kind === 'directory' || kind === 'hamt' ? await directory(block, depth) : await blob(block, kind)
    sizes.set(key, size)
    return size
  }

  const blob = async (root: Block, kind: string): Promise<number> => {
    const { cid } = root
    if (kind !== 'raw' && kind !== 'file') throw new StorageError('unsupported', `${cid} is a ${kind} node, which cannot be stored.`, { cid })
    const { size, outboard } = await collectOutboard(cid, staged.get)
    const parsed = parseOutboard(outboard, cid, size)
    const { leaves } = parsed
    for (let leaf = 0; leaf < leaves.count; leaf++) {
      if (!staged.has(leaves.cid(leaf)) && inlineLeaf(parsed, leaf) === undefined) {
        throw new StorageError('integrity', `The CAR lacks leaf ${leaf} of ${cid}.`, { cid: leaves.cid(leaf) })
      }
    }
    steps.push({ kind: 'blob', cid, size, outboard })
    return size
  }

  const directory = async (root: Block, depth: number): Promise<number> => {
    const nodes = await collectDirectory(root, staged.get)
    const children = new Map<string, CID>()
    let size = 0
    for (const { cid } of directoryLinks({ cid: root.cid, nodes })) {
      size += await visit(cid, depth + 1)
      children.set(cidKey(cid), cid)
    }
    if (!Number.isSafeInteger(size)) throw new StorageError('integrity', `${root.cid} claims to hold ${size} bytes.`, { cid: root.cid })
    steps.push({ kind: 'directory', directory: { cid: root.cid, size, nodes, children: [...children.values()] } })
    return size
  }

  for (const root of roots) await visit(root, 0)
  return steps
}
