import type { Backend } from '@stowage/core'
import { rate, type Suite } from '../suite.ts'
import { filling, getting } from '../values/rows.ts'
import { stowage } from '../values/stowage.ts'

const SIZE = 1024
/** Two in a hundred do not show in less time. */
const PASSES = 5

/** A far tier that fails the row when it is asked for anything. */
function neverAsked(name: string): Backend {
  const refuse = (): never => {
    throw new Error(`${name} was asked`)
  }
  return {
    name,
    traits: { ranges: 'native', verifies: 'nothing' },
    stat: refuse,
    read: refuse,
    outboard: refuse,
    put: refuse,
    health: refuse,
    close: async () => {},
  }
}

const TIERS = [neverAsked('far'), neverAsked('farther')]
const WITHOUT = 'without far tiers'
const WITH = 'with two far tiers, never asked'

export const nearHit: Suite = {
  title: 'Get 1 KiB values that are near',
  figure: rate,
  rows: {
    [WITHOUT]: getting(stowage(), SIZE, 'stowage', PASSES),
    [WITH]: getting(stowage({ distributed: true, tiers: TIERS }), SIZE, 'stowage', PASSES),
  },
  ratios: [{ row: WITH, over: WITHOUT, goal: { name: 'P15', costsAtMost: 1.02 } }],
  stores: { stowage: filling(stowage(), SIZE) },
  count: 20_000,
}
