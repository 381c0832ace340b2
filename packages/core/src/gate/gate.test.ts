import { describe, expect, test } from 'vitest'
import { decideGate, type Gate, type GateOptions } from './gate.ts'

const TIERS = { hasTiers: true }
const GITHUB = { GITHUB_ACTIONS: 'true', CI: 'true' }

type Row = readonly [title: string, options: GateOptions, expected: Gate]

const local = (reason: Gate['reason'], detail: string): Gate => ({ distributed: false, reason, detail, open: false })
const far: Gate = { distributed: true, reason: 'default', detail: 'far tiers are configured', open: true }
const asked: Gate = { distributed: true, reason: 'option', detail: 'distributed: true', open: true }

const ROWS: readonly Row[] = [
  ['1 beats distributed: true', { ...TIERS, forceLocal: true, distributed: true }, local('option', 'forceLocal: true')],
  [
    '1 beats the switches',
    { ...TIERS, forceLocal: true, env: { IPFS_KIT_DISABLE: '1' } },
    local('option', 'forceLocal: true'),
  ],
  ['forceLocal: false says nothing', { ...TIERS, forceLocal: false }, far],
  [
    '2 beats 3',
    { ...TIERS, env: { STORAGE_FORCE_LOCAL: '1', IPFS_KIT_DISABLE: '1' } },
    local('IPFS_KIT_DISABLE', 'IPFS_KIT_DISABLE=1'),
  ],
  [
    '2 beats distributed: true',
    { ...TIERS, distributed: true, env: { IPFS_KIT_DISABLE: 'on' } },
    local('IPFS_KIT_DISABLE', 'IPFS_KIT_DISABLE=on'),
  ],
  [
    '2 holds even without CI detection',
    { ...TIERS, detectCi: false, env: { IPFS_KIT_DISABLE: 'yes' } },
    local('IPFS_KIT_DISABLE', 'IPFS_KIT_DISABLE=yes'),
  ],
  [
    '2 beats CI=false',
    { ...TIERS, env: { CI: 'false', IPFS_KIT_DISABLE: '1' } },
    local('IPFS_KIT_DISABLE', 'IPFS_KIT_DISABLE=1'),
  ],
  [
    '3 beats distributed: true',
    { ...TIERS, distributed: true, env: { STORAGE_FORCE_LOCAL: 'TRUE' } },
    local('STORAGE_FORCE_LOCAL', 'STORAGE_FORCE_LOCAL=TRUE'),
  ],
  ['4 false beats CI', { ...TIERS, distributed: false, env: GITHUB }, local('option', 'distributed: false')],
  ['4 true beats CI', { ...TIERS, distributed: true, env: GITHUB }, asked],
  ['4 true without tiers', { distributed: true }, asked],
  ['5 a vendor', { ...TIERS, env: GITHUB }, local('ci', 'GITHUB_ACTIONS=true')],
  ['5 without tiers', { env: GITHUB }, local('ci', 'GITHUB_ACTIONS=true')],
  ['5 switched off', { ...TIERS, detectCi: false, env: GITHUB }, far],
  ['5 denied', { ...TIERS, env: { ...GITHUB, CI: 'false' } }, far],
  ['6 with tiers', TIERS, far],
  ['6 without', {}, { distributed: false, reason: 'default', detail: 'no far tier is configured', open: true }],
]

test.each(ROWS)('%s', (_, options, expected) => {
  expect(decideGate(options)).toEqual(expected)
})

describe.each(['IPFS_KIT_DISABLE', 'STORAGE_FORCE_LOCAL'] as const)('%s', (name) => {
  test.each(['1', 'true', 'TRUE', 'Yes', 'on', 'ON', ' 1 ', '\ttrue\n'])('%j closes', (value) => {
    expect(decideGate({ ...TIERS, env: { [name]: value } })).toEqual(local(name, `${name}=${value.trim()}`))
  })

  test.each(['0', 'false', 'no', 'off', '', ' ', '2', '11', 'enable', 'truely', undefined])(
    '%j does nothing',
    (value) => {
      expect(decideGate({ ...TIERS, env: { [name]: value } })).toEqual(far)
    },
  )
})

test('looks at no variable of this process', () => {
  process.env['IPFS_KIT_DISABLE'] = '1'
  try {
    expect(decideGate(TIERS)).toEqual(far)
  } finally {
    delete process.env['IPFS_KIT_DISABLE']
  }
})
