import { createHash } from 'node:crypto'
import { formatCid, parseCid } from '@stowage/core'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import type { Bench, Suite } from '../suite.ts'

const COUNT = 50_000

/** Distinct CIDs, made anew for each use: multiformats remembers the text of a CID once it was asked for it. */
function cids(): CID[] {
  return Array.from({ length: COUNT }, (_, index) =>
    CID.createV1(0x55, createDigest(0x12, createHash('sha256').update(String(index)).digest())),
  )
}

function parsing(parse: (text: string) => unknown) {
  return async (bench: Bench): Promise<void> => {
    // As text comes from a file or a request: flat, not a rope of the pieces it was made of.
    const texts = cids().map((cid) => Buffer.from(cid.toString()).toString('latin1'))
    for (let warming = 0; warming < 5; warming += 1) for (const text of texts) parse(text)
    await bench.measure(async () => {
      for (const text of texts) parse(text)
    })
  }
}

function formatting(format: (cid: CID) => string) {
  return async (bench: Bench): Promise<void> => {
    for (let warming = 0; warming < 5; warming += 1) for (const cid of cids()) format(cid)
    const fresh = cids()
    await bench.measure(async () => {
      for (const cid of fresh) format(cid)
    })
  }
}

export const cidText: Suite = {
  title: `CID text, ${COUNT.toLocaleString('en')} CIDs (CIDv1, base32)`,
  figure: { unit: 'million/s', better: 'more', of: (seconds) => COUNT / seconds / 1e6 },
  rows: {
    'parse: stowage': parsing(parseCid),
    'parse: multiformats': parsing((text) => CID.parse(text)),
    'format: stowage': formatting(formatCid),
    'format: multiformats': formatting((cid) => cid.toString()),
  },
  ratios: [
    { row: 'parse: stowage', over: 'parse: multiformats', goal: { name: 'P11', atLeast: 10 } },
    { row: 'format: stowage', over: 'format: multiformats', goal: { name: 'P11', atLeast: 8 } },
  ],
  size: 0,
}
