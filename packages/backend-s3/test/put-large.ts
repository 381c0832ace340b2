import { readFileSync } from 'node:fs'
import { hashContent, type Body, type ReadOptions } from '@stowage/core/spi'
import { s3, type S3Options } from '../src/index.ts'

/** Puts a blob that nobody holds in memory, and says how many megabytes this process took at most. */
const [options = '', megabytes = ''] = process.argv.slice(2)
const size = Number(megabytes) * 1_000_000
const CHUNK = 65_536

async function* bytes({ offset = 0, length = size }: ReadOptions = {}): Body {
  const end = Math.min(size, offset + length)
  for (let at = offset; at < end; at += CHUNK) yield Buffer.alloc(Math.min(CHUNK, end - at), Math.floor(at / 1e6) % 251)
}

const { cid, outboard } = await hashContent(bytes())
const backend = s3(JSON.parse(options) as S3Options)
await backend.put({ cid, size, outboard, open: bytes })
await backend.close()
const peak = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
console.log(Math.round(Number(peak) / 1024))
