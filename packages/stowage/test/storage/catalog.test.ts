import { expect, test } from 'vitest'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { all, code, onBoth, pattern, temporaryFolder } from './both.ts'

const ABSENT = 'bafkreidogqfzz75tpkmjzjke425xqcrmpcib2p5tg44hnbirumdbpl5adu'
const FAKE = `bafy${'0123456789abcdef'.repeat(4).slice(0, 56)}`
const DAG_CBOR = 'bafyreidykglsfhoixmivffc5uwhcgshx4j465xwqntbmu43nb2dzqwfvae'

onBoth('A3 put, get, has, stat, delete, list', (open) => {
  test('a life', async () => {
    const storage = await open()
    const { cid } = await storage.put('weights', { name: 'w' })
    expect(await storage.has(cid)).toBe(true)
    expect(await storage.has('w')).toBe(true)
    expect(await storage.stat('w')).toMatchObject({ size: 7, names: ['w'], pinned: false, isDirectory: false })
    expect((await all(storage.list())).map((info) => info.cid.toString())).toEqual([cid.toString()])
    expect(await storage.delete(cid)).toBe(true)
    expect(await storage.has('w')).toBe(false)
    expect(await all(storage.list())).toEqual([])
    expect(await storage.delete(cid)).toBe(false)
  })

  test.each([
    ['an absent CID', ABSENT],
    ['a name nobody gave', 'no/such/name'],
    ['a fake CID', FAKE],
    ['a CID of another codec', DAG_CBOR],
    ['an absent digest', `sha256:${'0'.repeat(64)}`],
    ['a path', `${ABSENT}/a/b`],
  ])('absence: %s', async (_name, ref) => {
    const storage = await open()
    expect(await storage.has(ref)).toBe(false)
    expect(await storage.stat(ref)).toBeUndefined()
    expect(await storage.delete(ref)).toBe(false)
    expect(await storage.pin(ref)).toBe(false)
    expect(await storage.unpin(ref)).toBe(false)
    await expect(storage.get(ref).bytes()).rejects.toEqual(code(ref === DAG_CBOR ? 'unsupported' : 'not-found'))
    await expect(storage.get(ref).path()).rejects.toEqual(code(ref === DAG_CBOR ? 'unsupported' : 'not-found'))
  })

  test('list by prefix and by pin', async () => {
    const storage = await open()
    await storage.put('1', { name: 'model/a' })
    await storage.put('2', { name: 'model/b', pin: true })
    await storage.put('3', { name: 'modelx' })
    const names = async (options: object): Promise<string[]> =>
      (await all(storage.list(options))).flatMap((info) => info.names).sort()
    expect(await names({ prefix: 'model/' })).toEqual(['model/a', 'model/b'])
    expect(await names({ pinned: true })).toEqual(['model/b'])
    expect(await names({ prefix: 'model', pinned: false })).toEqual(['model/a', 'modelx'])
    expect(await names({ prefix: 'model_' })).toEqual([])
    await expect(all(storage.list({ tier: 'nowhere' }))).rejects.toEqual(code('invalid-argument'))
  })
})

onBoth('A4 one blob for any number of names and puts', (open) => {
  test('names do not overwrite content', async () => {
    const storage = await open()
    const one = await storage.put('same', { name: 'a' })
    const two = await storage.put('same', { name: 'b' })
    expect(two).toMatchObject({ deduplicated: true })
    expect(two.cid.equals(one.cid)).toBe(true)
    expect((await storage.stat(one.cid))?.names.toSorted()).toEqual(['a', 'b'])
    expect(await all(storage.list())).toHaveLength(1)
    const other = await storage.put('other', { name: 'a' })
    expect(await storage.get(one.cid).text()).toBe('same')
    expect((await storage.resolve('a')).equals(other.cid)).toBe(true)
  })

  test('at once', async () => {
    const storage = await open()
    const bytes = pattern(3_000_000)
    const results = await Promise.all(Array.from({ length: 8 }, (_, i) => storage.put(bytes, { name: `copy ${i}` })))
    expect(new Set(results.map(({ cid }) => cid.toString())).size).toBe(1)
    expect(await all(storage.list())).toHaveLength(1)
    expect((await storage.stat('copy 3'))?.names).toHaveLength(8)
  })
})

onBoth('A5 names', (open) => {
  test('compare and set, and a history', async () => {
    const storage = await open()
    const one = (await storage.put('1')).cid
    const two = (await storage.put('2')).cid
    await storage.name('latest', one, { ifCurrent: null })
    await expect(storage.name('latest', two, { ifCurrent: null })).rejects.toEqual(code('conflict'))
    await expect(storage.name('latest', two, { ifCurrent: two })).rejects.toEqual(code('conflict'))
    await storage.name('latest', two, { ifCurrent: one })
    expect((await storage.resolve('latest')).equals(two)).toBe(true)
    const history = await all(storage.history('latest'))
    expect(history.map(({ cid }) => cid?.toString())).toEqual([two.toString(), one.toString()])
    await expect(storage.name('latest', 'no such')).rejects.toEqual(code('not-found'))
    await expect(storage.name('x', ABSENT)).rejects.toEqual(code('not-found'))
  })

  test('one of many that race wins', async () => {
    const storage = await open()
    const cids = await Promise.all(['a', 'b', 'c', 'd'].map(async (text) => (await storage.put(text)).cid))
    const outcomes = await Promise.allSettled(cids.map((cid) => storage.name('race', cid, { ifCurrent: null })))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test.each(['org/model@main', 'mit Leerzeichen', '模型', '../../etc/passwd', 'a'.repeat(1024), '%2e%2e', 'C:\\x'])(
    '%j is a name',
    async (name) => {
      const storage = await open()
      const { cid } = await storage.put('x', { name })
      expect((await storage.resolve(name)).equals(cid)).toBe(true)
      expect(await storage.get(name).text()).toBe('x')
    },
  )

  test.each([
    '',
    'nul\0',
    'a'.repeat(10_240),
    ABSENT,
    `ipfs://${ABSENT}`,
    `sha256:${'a'.repeat(64)}`,
    '\ud800',
    'new\nline',
  ])('%j is none', async (name) => {
    const storage = await open()
    await expect(storage.put('x', { name })).rejects.toEqual(code('invalid-argument'))
    expect(await all(storage.list())).toEqual([])
  })
})

onBoth('A6 pins', (open) => {
  test('a put never lowers a pin, a pin keeps from deletion', async () => {
    const storage = await open()
    const { cid } = await storage.put('x', { pin: true })
    await storage.put('x', { pin: false, name: 'again' })
    expect((await storage.stat(cid))?.pinned).toBe(true)
    await expect(storage.delete(cid)).rejects.toEqual(code('pinned'))
    expect(await storage.get(cid).text()).toBe('x')
    expect(await storage.unpin(cid)).toBe(true)
    expect(await storage.unpin(cid)).toBe(false)
    expect(await storage.delete(cid)).toBe(true)
    await storage.put('y', { pin: true, name: 'y' })
    expect(await storage.delete('y', { force: true })).toBe(true)
  })

  test('labels', async () => {
    const storage = await open()
    const { cid } = await storage.put('x')
    expect(await storage.pin(cid)).toBe(true)
    expect(await storage.pin(cid, { name: 'keep' })).toBe(true)
    expect(await all(storage.pins())).toMatchObject([{ name: 'keep', createdAt: expect.any(Date) as Date }])
  })
})

onBoth('aliases and expectations', (open) => {
  const bytes = pattern(2_500_000)
  test('sha256 finds a small blob at once, a large one when asked for', async () => {
    const storage = await open()
    const { createHash } = await import('node:crypto')
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    const small = `sha256:${createHash('sha256').update('small').digest('hex')}`
    await storage.put('small')
    expect(await storage.get(small.toUpperCase().replace('SHA256', 'sha256')).text()).toBe('small')
    const { cid } = await storage.put(bytes)
    expect(await storage.has(digest)).toBe(false)
    await storage.put(bytes, { alias: true })
    expect((await storage.resolve(digest)).equals(cid)).toBe(true)
    expect((await storage.stat(cid))?.aliases).toEqual([digest])
  })

  test('what does not match is not published', async () => {
    const storage = await open()
    const { cid } = await (await open()).put(bytes)
    await expect(storage.put('wrong', { expect: cid, name: 'n' })).rejects.toEqual(code('integrity'))
    await expect(storage.put('wrong', { expect: `sha256:${'1'.repeat(64)}` })).rejects.toEqual(code('integrity'))
    await expect(storage.put('wrong', { expect: FAKE })).rejects.toEqual(code('invalid-cid'))
    await expect(storage.put('wrong', { expect: DAG_CBOR })).rejects.toEqual(code('unsupported'))
    expect(await all(storage.list())).toEqual([])
    expect(await storage.has('n')).toBe(false)
    expect((await storage.put(bytes, { expect: cid })).cid.equals(cid)).toBe(true)
  })
})

onBoth('directories', (open) => {
  test('members stand and fall with them', async () => {
    const storage = await open()
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'a'), 'A')
    await writeFile(join(folder, 'b'), 'B')
    const alone = await storage.put('B')
    const { cid } = await storage.putDirectory(folder, { name: 'dir' })
    expect(await all(storage.ls('dir'))).toMatchObject([
      { name: 'a', size: 1, type: 'file' },
      { name: 'b', size: 1, type: 'file' },
    ])
    await expect(all(storage.ls(alone.cid))).rejects.toEqual(code('invalid-argument'))
    await expect(all(storage.ls('nowhere'))).rejects.toEqual(code('not-found'))
    await expect(storage.get(cid).bytes()).rejects.toEqual(code('invalid-argument'))
    await expect(storage.delete(`${cid}/a`)).rejects.toEqual(code('conflict'))
    await storage.pin(cid)
    await expect(storage.delete(`${cid}/a`)).rejects.toEqual(code('pinned'))
    await storage.unpin(cid)
    const member = await storage.resolve(`${cid}/a`)
    expect(await storage.delete(cid)).toBe(true)
    expect(await storage.has(member)).toBe(false)
    expect(await storage.get(alone.cid).text()).toBe('B')
  })
})
