import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Event } from './trace.ts'

/** What a disk was asked to do, apart from when it did it. */

/** An inode: a file or a folder. */
type Node = number

/** A change of names in folders. It happens as a whole. */
export interface NameChange {
  readonly at: number
  /** Entries that it makes or removes, as folder, name and what it leads to then. */
  readonly entries: readonly (readonly [folder: Node, name: string, node: Node | undefined])[]
  /** What it makes, if that is new. */
  readonly made?: Node | undefined
}

export interface DataChange {
  readonly at: number
  readonly node: Node
  /** Undefined: cut or grown to `position`. */
  readonly bytes: Uint8Array | undefined
  readonly position: number
}

export interface Sync {
  readonly at: number
  readonly node: Node
  /** What was done before this is on the disk. */
  readonly since: number
}

export interface History {
  readonly names: readonly NameChange[]
  readonly data: readonly DataChange[]
  readonly syncs: readonly Sync[]
  /** What it said, with when. */
  readonly said: readonly { readonly at: number; readonly text: string }[]
  readonly folders: ReadonlySet<Node>
  readonly length: number
}

export const ROOT: Node = 0

/** Follows the events. What is below the folder now, before any of them, counts as durable. */
export function historyOf(events: readonly Event[], root: string, initial: string | undefined): History {
  const names: NameChange[] = []
  const data: DataChange[] = []
  const syncs: Sync[] = []
  const said: { at: number; text: string }[] = []
  const folders = new Set([ROOT])
  const paths = new Map<string, Node>([[root, ROOT]])
  const sizes = new Map<Node, number>()
  const open = new Map<number, { node: Node; position: number }>()
  let count = 1

  if (initial !== undefined) load(initial, root)
  events.forEach(follow)
  return { names, data, syncs, said, folders, length: events.length }

  function load(from: string, to: string): void {
    for (const entry of readdirSync(from)) {
      const [source, path] = [join(from, entry), join(to, entry)]
      const node = make(path, -1)
      if (lstatSync(source).isDirectory()) {
        folders.add(node)
        load(source, path)
      } else change(node, readFileSync(source), 0, -1)
    }
  }

  function make(path: string, at: number): Node {
    const node = count++
    paths.set(path, node)
    names.push({ at, entries: [[folderOf(path), basename(path), node]], made: node })
    return node
  }

  function folderOf(path: string): Node {
    return known(dirname(path))
  }

  function known(path: string): Node {
    const node = paths.get(path)
    if (node === undefined) throw new Error(`The trace has no beginning of ${path}.`)
    return node
  }

  function change(node: Node, bytes: Uint8Array | undefined, position: number, at: number): void {
    data.push({ at, node, bytes, position })
    const end = position + (bytes?.length ?? 0)
    sizes.set(node, bytes === undefined ? position : Math.max(sizes.get(node) ?? 0, end))
  }

  function follow(event: Event, at: number): void {
    switch (event.kind) {
      case 'open': {
        const there = paths.get(event.path)
        if (there === undefined && !event.flags.includes('O_CREAT')) throw new Error(`Nothing to open: ${event.path}`)
        const node = there ?? make(event.path, at)
        if (event.flags.includes('O_TRUNC') && (sizes.get(node) ?? 0) > 0) change(node, undefined, 0, at)
        open.set(event.fd, { node, position: 0 })
        return
      }
      case 'close':
        open.delete(event.fd)
        return
      case 'seek': {
        const file = open.get(event.fd)
        if (file !== undefined) file.position = event.position
        return
      }
      case 'write': {
        const file = open.get(event.fd)
        if (file === undefined) {
          said.push({ at, text: Buffer.from(event.bytes).toString() })
          return
        }
        change(file.node, event.bytes, event.position ?? file.position, at)
        if (event.position === undefined) file.position += event.bytes.length
        return
      }
      case 'truncate':
        change(open.get(event.fd)!.node, undefined, event.size, at)
        return
      case 'sync':
        syncs.push({ at, node: open.get(event.fd)!.node, since: event.since })
        return
      case 'mkdir':
        folders.add(make(event.path, at))
        return
      case 'unlink':
      case 'rmdir':
        names.push({ at, entries: [[folderOf(event.path), basename(event.path), undefined]] })
        paths.delete(event.path)
        return
      case 'link': {
        const node = known(event.path)
        paths.set(event.to, node)
        names.push({ at, entries: [[folderOf(event.to), basename(event.to), node]] })
        return
      }
      case 'rename': {
        const node = known(event.path)
        names.push({
          at,
          entries: [
            [folderOf(event.to), basename(event.to), node],
            [folderOf(event.path), basename(event.path), undefined],
          ],
        })
        for (const [path, moved] of paths) {
          if (path !== event.path && !path.startsWith(`${event.path}/`)) continue
          paths.delete(path)
          paths.set(event.to + path.slice(event.path.length), moved)
        }
      }
    }
  }
}

/** Writes into an empty folder what a disk holds that kept these changes and lost all others. */
export function materialise(
  history: History,
  names: readonly NameChange[],
  data: readonly DataChange[],
  to: string,
): void {
  const entries = new Map<Node, Map<string, Node>>()
  for (const change of names) {
    for (const [folder, name, node] of change.entries) {
      const inFolder = entries.get(folder) ?? new Map<string, Node>()
      entries.set(folder, inFolder)
      if (node === undefined) inFolder.delete(name)
      else inFolder.set(name, node)
    }
  }
  const contents = new Map<Node, Buffer>()
  for (const { node, bytes, position } of data) contents.set(node, changed(contents.get(node), bytes, position))
  write(ROOT, to)

  function write(folder: Node, path: string): void {
    mkdirSync(path, { recursive: true })
    for (const [name, node] of entries.get(folder) ?? []) {
      if (history.folders.has(node)) write(node, join(path, name))
      // What it shares with other processes is not on the disk.
      else if (!name.endsWith('-shm')) writeFileSync(join(path, name), contents.get(node) ?? '')
    }
  }
}

function changed(before: Buffer = Buffer.alloc(0), bytes: Uint8Array | undefined, position: number): Buffer {
  if (bytes === undefined) return Buffer.concat([before, Buffer.alloc(Math.max(0, position - before.length))], position)
  const after = Buffer.alloc(Math.max(before.length, position + bytes.length))
  before.copy(after)
  after.set(bytes, position)
  return after
}
