import {
  StorageError,
  assertStorable,
  cidKey,
  directoryLinks,
  readCar,
  writeCar,
  type Block,
  type CID,
  type Directory,
} from '@stowage/core/spi'
import { keysOf } from './address.ts'
import type { Session } from './life.ts'
import { getWhole } from './objects.ts'
import { putWhole } from './put-object.ts'

/** A directory's own nodes, as they lie there. Its size is what its links claim. */
export async function readDirectory(session: Session, cid: CID): Promise<Directory | undefined> {
  const bytes = await getWhole(session, keysOf(session.settings.prefix, cid).directory)
  if (bytes === undefined) return undefined
  const nodes: Block[] = []
  for await (const block of (await readCar(bodyOf(bytes))).blocks) nodes.push(block)
  const links = [...directoryLinks({ cid, nodes })]
  const children = new Map(links.map((link) => [cidKey(link.cid), link.cid]))
  return { cid, size: links.reduce((sum, { dagSize }) => sum + dagSize, 0), nodes, children: [...children.values()] }
}

/** Stores a directory's own nodes in one object. */
export async function putDirectory(session: Session, directory: Directory): Promise<void> {
  const { cid, nodes } = directory
  assertStorable(cid)
  const names = new Set([...directoryLinks(directory)].map((link) => cidKey(link.cid)))
  if (directory.children.some((child) => !names.has(cidKey(child))))
    throw new StorageError('integrity', `The children of the directory ${cid} are not what its nodes say.`, { cid })
  const frames: Uint8Array[] = []
  for await (const frame of writeCar([cid], nodes)) frames.push(frame)
  await putWhole(session, keysOf(session.settings.prefix, cid).directory, Buffer.concat(frames))
}

async function* bodyOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
