import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseOutboard } from '../outboard/parse.ts'
import { walk } from '../outboard/geometry.ts'
import type { Body } from '../spi/backend.ts'
import { hashContent } from './hash-content.ts'
import { type LayoutName, layouts } from '../unixfs/layouts.ts'

interface Vectors {
  readonly files: readonly {
    readonly size: number
    readonly sha256: string
    readonly cids: Record<LayoutName, string>
    readonly detail: Record<LayoutName, { uniqueBlocks: number; dagSize: number; tsize: number }>
  }[]
}

const vectors = JSON.parse(
  readFileSync(new URL('../../test/vectors/cid-vectors.json', import.meta.url), 'utf8'),
) as Vectors
const names = Object.keys(layouts) as LayoutName[]

/** Byte i is i % 251, in chunks that fit no leaf. */
async function* pattern(size: number, chunk = 300_007): Body & AsyncGenerator<Uint8Array> {
  const turn = Uint8Array.from({ length: chunk + 251 }, (_, i) => i % 251)
  for (let at = 0; at < size; at += chunk) yield turn.slice(at % 251, (at % 251) + Math.min(chunk, size - at))
}

describe.each(names)('%s', (name) => {
  it.each(vectors.files.map((file) => [file.size, file] as const))(
    'gives the published id to %i bytes',
    async (size, file) => {
      const found = await hashContent(pattern(size), { layout: layouts[name], sha256: true })
      expect(found.cid.toString()).toBe(file.cids[name])
      expect(found.size).toBe(size)
      expect(Buffer.from(found.sha256 ?? []).toString('hex')).toBe(file.sha256)
      expect(found.dagSize).toBe(file.detail[name].tsize)
      const outboard = parseOutboard(found.outboard, found.cid, size)
      expect(outboard.dagSize).toBe(file.detail[name].tsize)
      const blocks = new Map<string, number>()
      for (const step of walk(outboard)) {
        const cid = 'node' in step ? step.node.cid : outboard.leaves.cid(step.leaf)
        blocks.set(cid.toString(), 'node' in step ? step.node.bytes.length : 0)
      }
      expect(blocks.size).toBe(file.detail[name].uniqueBlocks)
    },
  )
})
