import { buildDirectory, cidKey, directoryLinks, type BuiltDirectory, type Directory } from '@stowage/core/spi'
import type { CaseContext, ConformanceCase } from '../case.ts'
import { check, same, sameBytes, sameCid } from '../check.ts'
import { blobOf } from '../fixtures.ts'
import { able, one } from './make.ts'

/** So many entries that the directory is sharded. */
const MANY = 5_000

/** A backend that has a directory of so many names for one file, and whatever is below it. */
async function withDirectory(context: CaseContext, names: number) {
  const backend = able(await context.open(), 'directory', 'putDirectory')
  const { cid, size } = await blobOf(100)
  await context.fill(backend, await blobOf(100))
  const entries = Array.from({ length: names }, (_, index) => ({ name: `name-${index}`, cid, size, dagSize: size }))
  const directory = buildDirectory(entries)
  await backend.putDirectory(directory)
  return { backend, directory }
}

function sameDirectory(actual: Directory | undefined, expected: BuiltDirectory): void {
  check(actual !== undefined, 'the directory is not here')
  sameCid(actual.cid, expected.cid, 'cid')
  sameCid(actual.nodes[0]?.cid, expected.cid, 'the first node')
  same(actual.nodes.length, expected.nodes.length, 'nodes')
  const nodes = new Map(actual.nodes.map((node) => [cidKey(node.cid), node.bytes]))
  for (const { cid, bytes } of expected.nodes) sameBytes(nodes.get(cidKey(cid)) ?? new Uint8Array(0), bytes, `${cid}`)
  same([...directoryLinks(actual)].length, [...directoryLinks(expected)].length, 'entries')
  same(actual.children.map(cidKey).sort().join(), expected.children.map(cidKey).sort().join(), 'children')
}

export const directoryCases: readonly ConformanceCase[] = [
  one(
    'directory: gives the nodes that were put, root first, and each child once',
    ['filled', 'directory', 'putDirectory'],
    async (context) => {
      for (const names of [0, 1, MANY]) {
        const { backend, directory } = await withDirectory(context, names)
        sameDirectory(await backend.directory(directory.cid), directory)
      }
    },
  ),
  one('directory: of a blob, and of what is absent, is undefined', ['filled', 'directory'], async (context) => {
    const backend = able(await context.open(), 'directory')
    const blob = await blobOf(100)
    await context.fill(backend, blob)
    check((await backend.directory(blob.cid)) === undefined, 'a blob is a directory')
    // The empty directory would not do: some nodes have it from the start.
    const absent = buildDirectory([{ name: 'absent', cid: blob.cid, size: blob.size, dagSize: blob.size }])
    check((await backend.directory(absent.cid)) === undefined, 'has a directory that was not put')
  }),
  one('stat: says of a directory that it is one', ['filled', 'directory', 'putDirectory'], async (context) => {
    const { backend, directory } = await withDirectory(context, 2)
    const stat = await backend.stat(directory.cid)
    // The catalog of a near store says it.
    if ('catalog' in backend) check(stat === undefined, 'a near store has a stat of what is no blob')
    else same(stat?.isDirectory, true, 'isDirectory')
    same((await backend.stat((await blobOf(100)).cid))?.isDirectory ?? false, false, 'a blob: isDirectory')
  }),
  one('putDirectory: twice is fine', ['filled', 'directory', 'putDirectory'], async (context) => {
    const { backend, directory } = await withDirectory(context, 3)
    await backend.putDirectory(directory)
    sameDirectory(await backend.directory(directory.cid), directory)
  }),
]
