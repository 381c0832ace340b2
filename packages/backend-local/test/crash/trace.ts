import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** What a process did to files, in the order in which it was done; read from what strace wrote. */

export type Event =
  | { readonly kind: 'open'; readonly path: string; readonly fd: number; readonly flags: string }
  | { readonly kind: 'close'; readonly fd: number }
  | { readonly kind: 'write'; readonly fd: number; readonly bytes: Uint8Array; readonly position: number | undefined }
  | { readonly kind: 'seek'; readonly fd: number; readonly position: number }
  | { readonly kind: 'truncate'; readonly fd: number; readonly size: number }
  /** Covers what was done before `since`, an index of this list. */
  | { readonly kind: 'sync'; readonly fd: number; readonly since: number }
  | { readonly kind: 'mkdir' | 'unlink' | 'rmdir'; readonly path: string }
  | { readonly kind: 'rename' | 'link'; readonly path: string; readonly to: string }

/** The calls that matter. One that changes files and is not read below makes `readTrace` throw. */
const CALLS =
  'open,openat,creat,close,lseek,write,pwrite64,writev,pwritev,pwritev2,truncate,ftruncate,fallocate,fsync,fdatasync,' +
  'sync_file_range,copy_file_range,sendfile,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,link,linkat,' +
  'symlink,symlinkat,dup,dup2,dup3'

/** Around a command: writes its calls into the file. */
export function strace(log: string): readonly string[] {
  return ['strace', '-f', '-xx', '-s', '16000000', '-o', log, '-e', `trace=${CALLS}`]
}

const CALL = /^(\w+)\((.*)\)\s+= (-?\d+)/s

/** Only what happens below one of these folders, or to standard output. */
export function readTrace(log: string, folders: readonly string[]): readonly Event[] {
  const events: Event[] = []
  const begun = new Map<string, { text: string; since: number }>()
  const known = new Set([1])
  for (const line of readFileSync(log, 'latin1').split('\n')) {
    const [, thread = '', text = ''] = /^(\d+) +(.*)$/s.exec(line) ?? []
    if (text.endsWith('<unfinished ...>')) {
      begun.set(thread, { text: text.slice(0, -'<unfinished ...>'.length), since: events.length })
      // Its number may be somebody else's before this call returns.
      const closing = /^close\((\d+)/.exec(text)
      if (closing !== null) close(Number(closing[1]))
      continue
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/s.exec(text)
    const before = resumed === null ? undefined : begun.get(thread)
    const call = CALL.exec(before === undefined ? text : before.text.trimEnd() + (resumed?.[1] ?? ''))
    if (call === null) continue
    const [, name = '', values = '', result = ''] = call
    if (name === 'close' && before !== undefined) continue
    if (Number(result) >= 0) note(name, split(values), Number(result), before?.since ?? events.length)
  }
  return events

  function close(fd: number): void {
    if (known.delete(fd)) events.push({ kind: 'close', fd })
  }

  function note(name: string, values: readonly string[], result: number, since: number): void {
    const fd = Number(values[0])
    switch (name) {
      case 'open':
      case 'openat': {
        const [path, flags] = name === 'open' ? values : values.slice(1)
        const file = pathOf(path)
        close(result)
        if (!isOurs(file)) return
        known.add(result)
        events.push({ kind: 'open', path: file, fd: result, flags: flags ?? '' })
        return
      }
      case 'close':
        close(fd)
        return
      case 'write':
      case 'pwrite64':
        if (!known.has(fd)) return
        events.push({
          kind: 'write',
          fd,
          bytes: bytesOf(values[1]).subarray(0, result),
          position: name === 'write' ? undefined : Number(values[3]),
        })
        return
      case 'lseek':
        if (known.has(fd)) events.push({ kind: 'seek', fd, position: result })
        return
      case 'ftruncate':
        if (known.has(fd)) events.push({ kind: 'truncate', fd, size: Number(values[1]) })
        return
      case 'fsync':
      case 'fdatasync':
        if (known.has(fd)) events.push({ kind: 'sync', fd, since })
        return
      case 'mkdir':
      case 'unlink':
      case 'rmdir':
        if (isOurs(pathOf(values[0]))) events.push({ kind: name, path: pathOf(values[0]) })
        return
      case 'unlinkat':
        if (isOurs(pathOf(values[1])))
          events.push({ kind: values[2] === 'AT_REMOVEDIR' ? 'rmdir' : 'unlink', path: pathOf(values[1]) })
        return
      case 'rename':
      case 'link':
        if (isOurs(pathOf(values[1]))) events.push({ kind: name, path: pathOf(values[0]), to: pathOf(values[1]) })
        return
      default:
        if (known.has(fd) || values.some((value) => value.startsWith('"') && isOurs(pathOf(value))))
          throw new Error(`The trace has a ${name}, which the check does not know.`)
    }
  }

  function isOurs(path: string): boolean {
    return folders.some((folder) => path === folder || path.startsWith(join(folder, '/')))
  }
}

/** Values of a call; strings are hex, so no comma hides in them. */
function split(values: string): string[] {
  return values.split(/, (?![^{[]*[}\]])/)
}

function bytesOf(text = '""'): Buffer {
  return Buffer.from(text.replaceAll(/["\\x.]/g, ''), 'hex')
}

function pathOf(text: string | undefined): string {
  return resolve(bytesOf(text).toString())
}
