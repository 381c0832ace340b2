import type { CID } from 'multiformats/cid'
import { cidKey } from '../../cid/key.ts'
import { RAW } from '../../cid/make.ts'
import { assertStorable } from '../../cid/storable.ts'
import { StorageError } from '../../errors/storage-error.ts'
import { collectOutboard } from '../../outboard/collect.ts'
import { bytesOfLeaf } from '../../outboard/leaf.ts'
import { leafLinks, type LeafLink } from '../../outboard/leaf-links.ts'
import { parseOutboard } from '../../outboard/parse.ts'
import type { Block, Directory } from '../../spi/near-store.ts'
import { MAX_DIRECTORY_DEPTH } from '../../unixfs/bounds.ts'
import { collectDirectory } from '../../unixfs/directory/collect-directory.ts'
import { directoryLinks } from '../../unixfs/directory/directory-links.ts'
import { nodeKind } from '../../unixfs/directory/node-kind.ts'
import type { Staging } from './staging.ts'

/** What an import will store, children before the directories that hold them, each once. */
export type Step =
  | { readonly kind: 'blob'; readonly cid: CID; readonly size: number; readonly outboard: Uint8Array }
  | { readonly kind: 'directory'; readonly directory: Directory }

/**
 * Nodes are kept once for each file and directory that they are part of. Together those may have this many bytes more
 * than the CAR: honest files share some, and a stranger's could share one large tree among a million.
 */
const MAX_SHARED = 32 * 1024 * 1024

/**
 * The same for leaves: a few kB can describe a file that repeats one leaf for terabytes. Honest files repeat some, mostly
 * zeros, and an import may write them: into half of the room that there is, or so many bytes where nobody knows it.
 */
const REPEATED = { ofRoom: 0.5, unknown: 2 ** 30 }

/** Walks everything below the roots and makes sure that all of it is staged and fits together, before anything becomes visible. */
export async function planImport(
  staged: Staging,
  roots: readonly CID[],
  room: number | undefined,
  signal: AbortSignal,
): Promise<readonly Step[]> {
  const steps: Step[] = []
  const sizes = new Map<string, number>()
  const mostRepeated = room === undefined ? REPEATED.unknown : room * REPEATED.ofRoom
  let kept = 0
  let described = 0

  const keep = (cid: CID, bytes: number): void => {
    kept += bytes
    if (kept > staged.size + MAX_SHARED)
      throw new StorageError(
        'too-large',
        `The nodes up to ${cid} take ${kept} bytes in a CAR of ${staged.size}: too many share them.`,
        { cid },
      )
  }

  const describe = (cid: CID, bytes: number): void => {
    described += bytes
    if (described > staged.size + mostRepeated)
      throw new StorageError(
        'too-large',
        `A CAR of ${staged.size} bytes describes files of ${described} bytes and more, up to ${cid}: too much for the room that there is.`,
        { cid },
      )
  }

  const visit = async (cid: CID, depth: number): Promise<number> => {
    signal.throwIfAborted()
    const key = cidKey(cid)
    const known = sizes.get(key)
    if (known !== undefined) return known
    assertStorable(cid)
    const block = await staged.get(cid)
    const kind = nodeKind(block)
    const size = kind === 'directory' || kind === 'hamt' ? await directory(block, depth) : await blob(block, kind)
    sizes.set(key, size)
    return size
  }

  const blob = async (root: Block, kind: string): Promise<number> => {
    const { cid } = root
    if (kind !== 'raw' && kind !== 'file')
      throw new StorageError('unsupported', `${cid} is a ${kind} node, which cannot be stored.`, { cid })
    const { size, outboard } = await collectOutboard(cid, staged.get)
    keep(cid, outboard.length)
    describe(cid, size)
    for (const leaf of leafLinks(parseOutboard(outboard, cid, size))) await assertStaged(staged, cid, leaf)
    steps.push({ kind: 'blob', cid, size, outboard })
    return size
  }

  const directory = async (root: Block, depth: number): Promise<number> => {
    if (depth > MAX_DIRECTORY_DEPTH)
      throw new StorageError('too-large', `Directories nested more than ${MAX_DIRECTORY_DEPTH} deep.`, {
        cid: root.cid,
      })
    const nodes = await collectDirectory(root, staged.get)
    keep(
      root.cid,
      nodes.reduce((sum, { bytes }) => sum + bytes.length, 0),
    )
    const children = new Map<string, CID>()
    let size = 0
    for (const { cid } of directoryLinks({ cid: root.cid, nodes })) {
      size += await visit(cid, depth + 1)
      children.set(cidKey(cid), cid)
    }
    if (!Number.isSafeInteger(size))
      throw new StorageError('integrity', `${root.cid} claims to hold ${size} bytes.`, { cid: root.cid })
    steps.push({ kind: 'directory', directory: { cid: root.cid, size, nodes, children: [...children.values()] } })
    return size
  }

  for (const root of roots) await visit(root, 0)
  return steps
}

/** A leaf is there, and holds as many bytes as its node says. */
async function assertStaged(staged: Staging, blob: CID, { cid, length }: LeafLink): Promise<void> {
  const found = cid.code === RAW ? staged.length(cid) : bytesOfLeaf(await staged.get(cid))?.length
  if (found !== length)
    throw new StorageError(
      'integrity',
      `A leaf of ${blob} is stated to have ${length} bytes, and has ${found ?? 'none'}.`,
      { cid },
    )
}
