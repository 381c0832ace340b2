import { describe, expect, expectTypeOf, test } from 'vitest'
import { rawCid } from '../cid/make.ts'
import type { Backend, BlobSource } from '../spi/backend.ts'
import { absent, around, compose, forward, pass, type Handlers, type Layer } from './forward.ts'

const cid = rawCid(new Uint8Array(32))
const blob: BlobSource = { cid, size: 0, outboard: new Uint8Array(), open: async function* () {} }
const passing: Handlers = {
  stat: pass,
  read: pass,
  outboard: pass,
  directory: pass,
  putDirectory: pass,
  put: pass,
  delete: pass,
  list: pass,
  pin: pass,
  unpin: pass,
  providers: pass,
  restore: pass,
  health: pass,
  close: pass,
}

/** A backend with every method, each of which needs its `this` and notes that it was called. */
class Whole implements Backend {
  readonly name = 'whole'
  readonly traits = { ranges: 'native', verifies: 'nothing' } as const
  readonly calls: string[] = []
  async stat() {
    this.calls.push('stat')
    return undefined
  }
  async read() {
    this.calls.push('read')
    return { size: 0, offset: 0, length: 0, body: blob.open() }
  }
  async outboard() {
    this.calls.push('outboard')
    return undefined
  }
  async directory() {
    this.calls.push('directory')
    return undefined
  }
  async putDirectory() {
    this.calls.push('putDirectory')
  }
  async restore() {
    this.calls.push('restore')
    return { status: 'ready' as const }
  }
  async put() {
    this.calls.push('put')
  }
  async delete() {
    this.calls.push('delete')
    return true
  }
  async *list() {
    this.calls.push('list')
    yield blob
  }
  async pin() {
    this.calls.push('pin')
    return true
  }
  async unpin() {
    this.calls.push('unpin')
    return true
  }
  async *providers() {
    this.calls.push('providers')
    yield { id: 'me', addresses: [], backend: 'whole' }
  }
  async health() {
    this.calls.push('health')
    return { reachable: true }
  }
  async close() {
    this.calls.push('close')
  }
}

async function callAll({
  stat,
  read,
  outboard,
  directory,
  putDirectory,
  put,
  delete: remove,
  list,
  pin,
  unpin,
  providers,
  restore,
  health,
  close,
}: Required<Backend>) {
  await stat(cid)
  await read(cid)
  await outboard(cid)
  await directory(cid)
  await putDirectory({ cid, size: 0, nodes: [], children: [] })
  await put(blob)
  await remove(cid)
  for await (const item of list()) void item
  await pin(cid)
  await unpin(cid)
  for await (const item of providers(cid)) void item
  await restore(cid)
  await health()
  await close()
}

const METHODS = [
  'stat',
  'read',
  'outboard',
  'directory',
  'putDirectory',
  'put',
  'delete',
  'list',
  'pin',
  'unpin',
  'providers',
  'restore',
  'health',
  'close',
]

describe('forward', () => {
  test('sends every method to inner, which keeps its this, and needs none itself', async () => {
    const inner = new Whole()
    await callAll(forward(inner, passing) as Required<Backend>)
    expect(inner.calls).toEqual(METHODS)
  })

  test('keeps name and traits', () => {
    const inner = new Whole()
    expect(forward(inner, passing)).toMatchObject({ name: 'whole', traits: inner.traits })
  })

  test('leaves out what inner leaves out, and asks no handler for it', () => {
    const { stat, read, health, close, name, traits } = new Whole()
    const never = (): never => expect.fail('asked for a method that inner does not have')
    const wrapped = forward(
      { stat, read, health, close, name, traits },
      {
        ...passing,
        put: never,
        delete: never,
        list: never,
        outboard: never,
        pin: never,
        unpin: never,
        providers: never,
      },
    )
    expect(Object.keys(wrapped).sort()).toEqual(['close', 'health', 'name', 'read', 'stat', 'traits'])
  })

  test('leaves out what a handler takes away', () => {
    expect(forward(new Whole(), { ...passing, put: absent })).not.toHaveProperty('put')
  })

  test('does not compile when a method is forgotten', () => {
    const { put, ...withoutPut } = passing
    const { close, ...withoutClose } = passing
    // @ts-expect-error an optional method is missing
    const one: Handlers = withoutPut
    // @ts-expect-error a required method is missing
    const two: Handlers = withoutClose
    // @ts-expect-error a required method cannot be taken away
    const three: Handlers = { ...passing, read: absent }
    expect([one, two, three, put, close]).toHaveLength(5)
    expectTypeOf<keyof Handlers>().toEqualTypeOf<Exclude<keyof Backend, 'name' | 'traits' | 'sources'>>()
  })
})

test('around sends every method but health and close through the advice, with its operation and cid', async () => {
  const seen: string[] = []
  const inner = new Whole()
  const wrapped = forward(
    inner,
    around({
      call: (call, next) => {
        seen.push(`${call.operation} ${call.cid}`)
        return next(call.options)
      },
      read: (call, next) => {
        seen.push(`${call.operation} ${call.cid}`)
        return next(call.options)
      },
      items: (call, next) => {
        seen.push(`${call.operation} ${call.cid}`)
        return next(call.options)
      },
    }),
  )
  await callAll(wrapped as Required<Backend>)
  expect(seen).toEqual(METHODS.slice(0, -2).map((method) => `${method} ${method === 'list' ? undefined : cid}`))
  expect(inner.calls).toEqual(METHODS)
})

test('compose goes from the inside out', async () => {
  const order: string[] = []
  const noting =
    (name: string): Layer =>
    (inner) =>
      forward(inner, {
        ...passing,
        stat:
          (next) =>
          (...call) => {
            order.push(name)
            return next(...call)
          },
      })
  const inner = new Whole()
  await compose(inner, noting('inner'), noting('outer')).stat(cid)
  expect(order).toEqual(['outer', 'inner'])
  expect(compose(inner)).toBe(inner)
})
