import { createHash } from 'node:crypto'
import { formatCid, parseCid } from '@stowage/core'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import type { Bench, Suite } from '../suite.ts'

const COUNT = 20_000
const PASSES = 10

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
    const pass = (): void => texts.forEach((text) => void parse(text))
    for (let warming = 0; warming < PASSES; warming += 1) pass()
    await bench.measure(async () => {
      for (let measured = 0; measured < PASSES; measured += 1) pass()
    })
  }
}

function formatting(format: (cid: CID) => string) {
  return async (bench: Bench): Promise<void> => {
    for (let warming = 0; warming < PASSES; warming += 1) cids().forEach((cid) => void format(cid))
    const passes = Array.from({ length: PASSES }, cids)
    await bench.measure(async () => {
      for (const pass of passes) pass.forEach((cid) => void format(cid))
    })
  }
}

export const cidText: Suite = {
  title: `CID text, ${COUNT.toLocaleString('en')} CIDs (CIDv1, base32), ten times`,
  figure: { unit: 'million/s', better: 'more', of: (seconds) => (COUNT * PASSES) / seconds / 1e6 },
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
}
