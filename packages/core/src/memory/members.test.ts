import { CID } from 'multiformats/cid'
import { describe, expect, test } from 'vitest'
import { rawCid } from '../cid/make.ts'
import { sha256 } from '../hash/digest.ts'
import { memoryContents, type MemoryContents, type Stored } from './contents.ts'
import { fallsWith, holdersOf, isProtected } from './members.ts'
import { cidKey } from '../cid/key.ts'

const at = new Date(0)
const cidOf = (name: string): CID => rawCid(sha256(new TextEncoder().encode(name)))

interface Told {
  readonly children?: readonly string[]
  readonly standing?: boolean
  readonly pinned?: boolean
  readonly name?: string
}

function contentsOf(told: Readonly<Record<string, Told>>): { contents: MemoryContents; of: (name: string) => Stored } {
  const contents = memoryContents()
  for (const [name, { children, standing = false, pinned = false, name: given }] of Object.entries(told)) {
    const cid = cidOf(name)
    const common = {
      cid,
      size: 1,
      createdAt: at,
      lastUsedAt: at,
      standing,
      pin: pinned ? { label: undefined, at } : undefined,
      copies: new Map(),
    }
    const entry: Stored =
      children === undefined
        ? { ...common, kind: 'blob', bytes: new Uint8Array(1), outboard: new Uint8Array() }
        : { ...common, kind: 'directory', nodes: [], children: children.map(cidOf) }
    contents.entries.set(cidKey(cid), entry)
    if (given !== undefined) contents.names.set(given, [{ cid, at }])
  }
  return { contents, of: (name) => contents.entries.get(cidKey(cidOf(name))) as Stored }
}

const names = ['root', 'other', 'inner', 'a', 'b']
const named = (entries: Iterable<Stored>) =>
  names.filter((name) => [...entries].some(({ cid }) => cid.equals(cidOf(name))))

describe('fallsWith', () => {
  test.each<{ why: string; told: Readonly<Record<string, Told>>; falls: readonly string[] }>([
    { why: 'a blob falls alone', told: { root: {} }, falls: ['root'] },
    { why: 'members fall', told: { root: { children: ['a', 'b'] }, a: {}, b: {} }, falls: ['root', 'a', 'b'] },
    {
      why: 'at any depth',
      told: { root: { children: ['inner'] }, inner: { children: ['a'] }, a: {} },
      falls: ['root', 'inner', 'a'],
    },
    {
      why: 'what stands by itself stays',
      told: { root: { children: ['a', 'b'] }, a: { standing: true }, b: {} },
      falls: ['root', 'b'],
    },
    { why: 'what is pinned stays', told: { root: { children: ['a'] }, a: { pinned: true } }, falls: ['root'] },
    { why: 'what has a name stays', told: { root: { children: ['a'] }, a: { name: 'mine' } }, falls: ['root'] },
    {
      why: 'what another directory holds stays',
      told: { root: { children: ['a'] }, other: { children: ['a'] }, a: {} },
      falls: ['root'],
    },
    {
      why: 'what lies below a directory that stays, stays',
      told: { root: { children: ['inner', 'b'] }, inner: { children: ['a', 'b'], standing: true }, a: {}, b: {} },
      falls: ['root'],
    },
    {
      why: 'what two falling directories hold falls, whichever is looked at first',
      told: { root: { children: ['a', 'inner'] }, inner: { children: ['a'] }, a: {} },
      falls: ['root', 'inner', 'a'],
    },
    { why: 'a member that is not here is no matter', told: { root: { children: ['a'] } }, falls: ['root'] },
  ])('$why', ({ told, falls }) => {
    const { contents, of } = contentsOf(told)
    expect(named(fallsWith(contents, of('root')))).toEqual(falls)
  })
})

test('protection reaches down from a pinned directory, at any depth, and not up', () => {
  const { contents, of } = contentsOf({
    other: { children: ['root'] },
    root: { children: ['inner'], pinned: true },
    inner: { children: ['a'] },
    a: {},
    b: {},
  })
  expect(names.filter((name) => isProtected(contents, of(name)))).toEqual(['root', 'inner', 'a'])
  expect(named(holdersOf(contents, cidOf('a')))).toEqual(['inner'])
})
