import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { collect, openContent, type Content } from './content.ts'

const hello = new TextEncoder().encode('hello')
const bytesOf = (content: Content): Promise<Uint8Array> => collect(openContent(content).body, 1024)
async function* twoChunks(): AsyncGenerator<Uint8Array> {
  yield hello.subarray(0, 2)
  yield hello.subarray(2)
}

describe('every form gives the same bytes', () => {
  test.each<[string, () => Content]>([
    ['text', () => 'hello'],
    ['Uint8Array', () => hello],
    ['Buffer', () => Buffer.from('hello')],
    ['a view inside a larger buffer', () => new Uint8Array(Buffer.from('__hello__')).subarray(2, 7)],
    ['ArrayBuffer', () => Uint8Array.from(hello).buffer],
    ['DataView', () => new DataView(Uint8Array.from(hello).buffer)],
    ['Blob', () => new Blob(['hello'])],
    ['Response', () => new Response('hello')],
    ['web stream', () => new Blob(['hello']).stream()],
    ['async iterable', () => twoChunks()],
    ['Node stream', () => Readable.from([Buffer.from('hel'), Buffer.from('lo')])],
    ['iterable of ArrayBuffers', () => Readable.from([Uint8Array.from(hello).buffer]) as unknown as Content],
  ])('%s', async (_name, make) => {
    expect(Buffer.from(await bytesOf(make())).toString()).toBe('hello')
  })

  test('of a typed array its bytes in memory', async () => {
    const tensor = new Float32Array([1, -2, 3.5])
    expect(await bytesOf(tensor)).toEqual(new Uint8Array(tensor.buffer))
  })

  test('an empty response has no bytes', async () => {
    expect(await bytesOf(new Response(null, { status: 204 }))).toEqual(new Uint8Array())
  })
})

test.each<[string, unknown]>([
  ['null', null],
  ['undefined', undefined],
  ['a number', 7],
  ['an array', [1, 2]],
  ['an object', { a: 1 }],
  ['a sync iterable', new Set([hello])],
  ['a function', () => hello],
])('%s is no content', (_name, value) => {
  expect(() => openContent(value as Content)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
})

test('a failed response is not stored as content', () => {
  expect(() => openContent(new Response('no such model', { status: 404 }))).toThrow(
    expect.objectContaining({ code: 'invalid-argument' }),
  )
})

test('a used response and a locked stream are refused', async () => {
  const response = new Response('hello')
  await response.text()
  expect(() => openContent(response)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  const stream = new Blob(['hello']).stream()
  stream.getReader()
  expect(() => openContent(stream)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
})

test('a stream of text is refused when its first chunk comes', async () => {
  await expect(bytesOf(Readable.from(['hello']) as unknown as Content)).rejects.toMatchObject({
    code: 'invalid-argument',
  })
})

test('collect stops at its limit and releases the source', async () => {
  let released = false
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield hello
    } finally {
      released = true
    }
  }
  await expect(collect(endless(), 12)).rejects.toMatchObject({ code: 'too-large' })
  expect(released).toBe(true)
})
