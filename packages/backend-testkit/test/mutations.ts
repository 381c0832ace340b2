import {
  hashContent,
  rawCid,
  StorageError,
  type BlobRecord,
  type BlockPlace,
  type BlobSource,
  type Body,
  type CID,
  type Directory,
  type NearStore,
  type PartialBlob,
} from '@stowage/core/spi'
import { blobOf, bodyOf, bytesOf, collect } from '../src/index.ts'
import {
  deaf,
  deafStore,
  fault,
  mapped,
  nothing,
  overloaded,
  pardon,
  quietlyCut,
  unleavable,
  wrong,
  wrongAliases,
  wrongBody,
  wrongCatalog,
  wrongCopies,
  wrongNames,
  wrongPartial,
  wrongPins,
  type Mutation,
} from './mutate.ts'

const flip = (chunk: Uint8Array) => chunk.map((byte, at) => (at === 0 ? byte ^ 1 : byte))
const longer = (bytes: Uint8Array) => new Uint8Array([...bytes, 0])
const forever = new Promise<never>(() => {})
const ignoresExpect: Mutation = wrong((store) => ({
  ingest: (source, options) => store.ingest(source, { ...options, expect: undefined }),
}))
const memberless: Mutation = wrong((store) => ({
  ingest: (source, options) => store.ingest(source, { ...options, member: false }),
  putDirectory: (directory, options) => store.putDirectory(directory, { ...options, member: false }),
}))
const forces: Mutation = wrong((store) => ({ delete: (cid) => store.delete(cid, { force: true }) }))
const forgetful: Mutation = wrong((store) => ({
  close: async () => {
    for (const { cid } of await collect(store.catalog.list())) await store.delete(cid, { force: true })
    await store.close()
  },
}))

/** For each case at least one store that it has to catch. */
export const mutations: Readonly<Record<string, readonly Mutation[]>> = {
  'stat: gives cid and size of blobs of every size': [
    wrong((store) => ({ stat: async (cid) => ({ cid, size: ((await store.stat(cid))?.size ?? 0) + 1 }) })),
    wrong((store) => ({ stat: async (cid) => ((await store.stat(cid))?.size === 0 ? undefined : store.stat(cid)) })),
  ],
  'read: gives the same to those who bring the outboard': [
    wrong((store) => ({
      read: async (cid, options) =>
        store.read(cid, options?.outboard === undefined ? options : { ...options, offset: 0, length: options.length }),
    })),
  ],
  'directory: gives the nodes that were put, root first, and each child once': [
    wrongDirectory((directory) => ({ ...directory, nodes: [...directory.nodes].reverse() })),
    wrongDirectory((directory) => ({ ...directory, children: [...directory.children, ...directory.children] })),
    wrongDirectory((directory) => ({
      ...directory,
      nodes: directory.nodes.map((node) => ({ ...node, bytes: flip(node.bytes) })),
    })),
    wrongDirectory((directory) => ({ ...directory, nodes: directory.nodes.slice(0, 1) })),
  ],
  'directory: of a blob, and of what is absent, is undefined': [
    wrong((store) => ({
      directory: async (cid) => (await store.directory(cid)) ?? { cid, size: 0, nodes: [], children: [] },
    })),
  ],
  'stat: says of a directory that it is one': [
    wrong((store) => ({
      stat: async (cid) => {
        const stat = await store.stat(cid)
        return stat && { ...stat, isDirectory: true }
      },
    })),
    wrong((store) => ({ stat: async (cid) => (await store.stat(cid)) ?? { cid, size: 0 } })),
  ],
  'putDirectory: twice is fine': [
    wrong((store) => ({
      putDirectory: async (directory, options) => {
        if ((await store.directory(directory.cid)) !== undefined)
          throw new StorageError('conflict', 'it is here already')
        return store.putDirectory(directory, options)
      },
    })),
  ],
  'read: chunks belong to whoever reads them': [
    wrongBody(async function* (body) {
      const memory = new Uint8Array(4 * 1_048_576)
      for await (const chunk of body) {
        memory.set(chunk)
        yield memory.subarray(0, chunk.length)
      }
    }),
  ],
  'read: lent chunks are right until the next one is asked for': [
    wrong((store) => ({
      read: async (cid, options) => {
        const read = await store.read(cid, options)
        return options?.lend === true ? { ...read, body: mapped(read.body, flip) } : read
      },
    })),
    wrong((store) => {
      const memory = new Uint8Array(4 * 1_048_576)
      return {
        read: async (cid, options) => {
          const read = await store.read(cid, options)
          const lent = mapped(read.body, (chunk) => (memory.set(chunk), memory.subarray(0, chunk.length)))
          return options?.lend === true ? { ...read, body: lent } : read
        },
      }
    }),
  ],
  'stat: an absent blob is undefined': [
    wrong(() => ({ stat: async (cid) => ({ cid, size: 0 }) })),
    wrong(() => ({ stat: async () => Promise.reject(fault('not-found')) })),
  ],
  'read: gives the bytes of blobs of every size': [
    wrongBody((body) => mapped(body, flip)),
    wrongBody((body) => mapped(body, (chunk) => chunk.subarray(0, 1_048_576 - 1))),
    wrong((store) => ({ read: async (cid, options) => ({ ...(await store.read(cid, options)), size: 1 }) })),
  ],
  'read: gives the bytes of a blob with two levels of nodes': [
    wrongBody(async function* (body) {
      yield (await bytesOf(body)).subarray(0, 64 * 1024)
    }),
  ],
  'read: gives the bytes of blobs of older layouts': [
    wrong((store) => ({
      put: async (blob) => (blob.cid.version === 0 ? Promise.reject(fault('unsupported')) : store.put(blob)),
    })),
  ],
  'read: an absent blob fails with not-found, before any byte': [
    wrong((store) => ({
      read: (cid, options) =>
        pardon(store.read(cid, options), 'not-found', () => ({ size: 0, offset: 0, length: 0, body: nothing() })),
    })),
    wrong((store) => ({
      read: async (cid, options) =>
        pardon(store.read(cid, options), 'not-found', () => ({
          size: 0,
          offset: 0,
          length: 0,
          body: (async function* (): Body {
            yield new Uint8Array(0)
            throw fault('not-found')
          })(),
        })),
    })),
  ],
  'read: gives ranges at the borders of leaves': [
    wrong((store) => ({ read: (cid, options) => store.read(cid, { ...options, length: undefined }) })),
    wrong((store) => ({ read: (cid, options) => store.read(cid, { ...options, offset: 0 }) })),
    wrong((store) => ({
      read: (cid, options = {}) => store.read(cid, { ...options, length: options.length || undefined }),
    })),
  ],
  'read: cuts off what reaches beyond the end': [
    wrong((store) => ({
      read: async (cid, options = {}) => {
        const read = await store.read(cid, options)
        return { ...read, length: options.length ?? read.length }
      },
    })),
  ],
  'read: at the end gives an empty body': [
    wrong((store) => ({
      read: async (cid, options = {}) => {
        if (options.offset === (await store.stat(cid))?.size) throw fault('range')
        return store.read(cid, options)
      },
    })),
  ],
  'read: beyond the end fails with range': [
    wrong((store) => ({
      read: async (cid, options = {}) =>
        store.read(cid, { ...options, offset: Math.min(options.offset ?? 0, (await store.stat(cid))?.size ?? 0) }),
    })),
  ],
  'read: an offset or a length that is none fails with invalid-argument': [
    wrong((store) => ({
      read: (cid, options = {}) =>
        store.read(cid, {
          ...options,
          offset: Math.max(Math.trunc(options.offset ?? 0) || 0, 0),
          length: options.length && Math.max(Math.trunc(options.length), 0),
        }),
    })),
    wrong((store) => ({
      read: (cid, options = {}) =>
        store.read(cid, { ...options, length: (options.length ?? 0) < 0 ? 0 : options.length }),
    })),
  ],
  'read: many readers at a time get the same bytes': [
    (store) => {
      const shared = new Map<string, ReturnType<typeof store.read>>()
      return {
        ...store,
        read: (cid, options) => {
          const key = cid.toString()
          const read = shared.get(key) ?? store.read(cid, options)
          shared.set(key, read)
          return read
        },
      }
    },
  ],
  'read: leaving a body early lets go of what it holds': [
    (store) => {
      let free = 8
      return {
        ...store,
        read: async (cid, options) => {
          if (free === 0) await forever
          free -= 1
          const read = await store.read(cid, options)
          const giveBack = async function* (): Body {
            yield* read.body
            free += 1
          }
          return { ...read, body: giveBack() }
        },
      }
    },
  ],
  'read: what was given out is the reader’s own': [
    (store) => {
      const cache = new Map<string, Uint8Array>()
      return {
        ...store,
        read: async (cid, options) => {
          const read = await store.read(cid, options)
          const bytes = cache.get(cid.toString()) ?? (await bytesOf(read.body))
          cache.set(cid.toString(), bytes)
          return {
            ...read,
            body: (async function* () {
              yield bytes
            })(),
          }
        },
      }
    },
  ],
  'outboard: gives back what was put, of blobs of every size and layout': [
    wrong((store) => ({ outboard: async (cid) => longer((await store.outboard(cid)) ?? new Uint8Array()) })),
    wrong((store) => ({ outboard: async (cid) => (cid.code === 0x55 ? undefined : store.outboard(cid)) })),
  ],
  'outboard: of an absent blob is undefined': [wrong(() => ({ outboard: async () => new Uint8Array() }))],
  'list: is empty at first': [
    wrong(() => ({
      list: async function* () {
        yield blobOf(11)
      },
    })),
  ],
  'list: gives every blob once, with its size': [
    wrong((store) => ({
      list: async function* () {
        yield* store.list()
        yield* store.list()
      },
    })),
    wrong((store) => ({
      list: async function* () {
        for await (const { cid } of store.list()) yield { cid, size: 100 }
      },
    })),
    wrong((store) => ({
      list: async function* () {
        yield* (await collect(store.list())).slice(1)
      },
    })),
  ],
  'list: can be left early and begun again': [
    (store) => {
      const cursor = store.list()[Symbol.asyncIterator]()
      return { ...store, list: () => ({ [Symbol.asyncIterator]: () => ({ next: () => cursor.next() }) }) }
    },
  ],

  'put: twice is fine': [
    wrong((store) => ({
      put: async (blob) =>
        (await store.stat(blob.cid)) === undefined ? store.put(blob) : Promise.reject(fault('conflict')),
    })),
  ],
  'put: nothing is readable before all of it is there': [
    (store) => {
      const begun = new Set<string>()
      return {
        ...store,
        put: async (blob) => {
          begun.add(blob.cid.toString())
          await store.put(blob)
        },
        stat: async (cid) => (await store.stat(cid)) ?? (begun.has(cid.toString()) ? { cid, size: 0 } : undefined),
      }
    },
  ],
  'put: a source that breaks off leaves nothing behind': [
    wrong((store) => ({ put: (blob) => pardon(store.put(blob), 'unavailable', () => {}) })),
    leavesGhosts('unavailable'),
  ],
  'put: a source that ends too early fails with integrity and leaves nothing behind': [
    wrong((store) => ({ put: (blob) => pardon(store.put(blob), 'integrity', () => {}) })),
    leavesGhosts('integrity'),
  ],
  'put: a source that gives too much fails with integrity and is let go': [
    wrong((store) => ({ put: (blob) => pardon(store.put(blob), 'integrity', () => {}) })),
    wrong((store) => ({ put: (blob) => store.put(source(blob, (body) => unleavable(body))) })),
    wrong((store) => ({ put: (blob) => store.put(source(blob, (body) => firstBytes(body, blob.size))) })),
  ],
  'put: wrong bytes fail with integrity and leave nothing behind': [
    wrong((store) => ({ put: (blob) => pardon(store.put(blob), 'integrity', () => {}) })),
    leavesGhosts('integrity'),
  ],
  'put: works after a put that failed': [
    (store) => {
      const failed = new Set<string>()
      return {
        ...store,
        put: async (blob) => {
          if (failed.has(blob.cid.toString())) throw fault('unexpected')
          failed.add(blob.cid.toString())
          await store.put(blob)
        },
      }
    },
  ],
  'put: a put that fails leaves what was there before': [
    wrong((store) => ({
      put: async (blob) => {
        await store.delete(blob.cid)
        await store.put(blob)
      },
    })),
  ],
  'put: 32 of the same blob at once': [
    (store) => {
      const running = new Set<string>()
      return {
        ...store,
        put: async (blob) => {
          const key = blob.cid.toString()
          if (running.has(key)) throw fault('conflict')
          running.add(key)
          await store.put(blob)
          running.delete(key)
        },
      }
    },
  ],
  'put: 32 different blobs at once': [
    (store) => {
      const light = overloaded(8)
      return { ...store, put: (blob) => light(() => store.put(blob)) }
    },
    (store) => {
      const light = overloaded(8)
      return {
        ...store,
        put: (blob) =>
          pardon(
            light(() => store.put(blob)),
            'unavailable',
            () => {},
          ),
      }
    },
  ],
  'delete: takes the blob away and says that it was here': [
    wrong(() => ({ delete: async () => true })),
    wrong((store) => ({ delete: async (cid) => (await store.delete(cid)) && false })),
    wrong((store) => ({ delete: async (cid) => (await store.delete(cid)) || true })),
  ],
  'delete: of an absent blob is false': [
    wrong(() => ({ delete: async () => true })),
    wrong(() => ({ delete: async () => Promise.reject(fault('not-found')) })),
  ],
  'delete: leaves other blobs alone': [
    wrong((store) => ({
      delete: async () => {
        for (const { cid } of await collect(store.list())) await store.delete(cid)
        return true
      },
    })),
  ],
  'delete: what was deleted can be put again': [
    (store) => {
      const gone = new Set<string>()
      return {
        ...store,
        delete: (cid) => {
          gone.add(cid.toString())
          return store.delete(cid)
        },
        put: async (blob) => (gone.has(blob.cid.toString()) ? undefined : store.put(blob)),
      }
    },
  ],
  'delete: a body under way gives the right bytes or fails': [
    wrongBody(async function* (body, key, store) {
      const known = (await collect(store.list())).find(({ cid }) => cid.toString() === key)
      for await (const chunk of body) {
        yield known !== undefined && (await store.stat(known.cid)) === undefined ? new Uint8Array(chunk.length) : chunk
      }
    }),
    wrongBody(async function* (body, key, store) {
      for await (const chunk of body) {
        yield chunk
        if (!(await collect(store.list())).some(({ cid }) => cid.toString() === key)) return
      }
    }),
  ],

  'abort: a call that was aborted before rejects with the reason itself': [
    deafStore,
    wrong((store) => ({ health: () => store.health() })),
    wrong((store) => ({ pin: (cid) => store.catalog.pins.set(cid) })),
    wrong((store) => ({ delete: (cid) => store.delete(cid) })),
    wrong((store) => ({
      outboard: (cid, options) =>
        store.outboard(cid, options).catch((cause: unknown) => Promise.reject(new Error('aborted', { cause }))),
    })),
  ],
  'abort: a reason that is no error comes out as it is': [
    wrong((store) => ({
      stat: (cid, options) =>
        store.stat(cid, options).catch((cause: unknown) => Promise.reject(new Error('aborted', { cause }))),
    })),
  ],
  'abort: ends a body before its first chunk': [deafStore],
  'abort: ends a body between two chunks': [deafStore, wrongBody(quietlyCut)],
  'abort: stops a put, which leaves nothing behind and lets go of its source': [
    deafStore,
    wrong((store) => ({ put: (blob, options) => store.put(source(blob, unleavable), options) })),
    wrong((store) => ({
      put: async (blob, options) => {
        await store.put(blob)
        options?.signal?.throwIfAborted()
      },
    })),
  ],
  'abort: stops a put whose source hangs': [
    deafStore,
    wrong((store) => ({ put: (blob, options) => store.put(source(blob, unleavable), options) })),
  ],
  'abort: ends a list between two items': [deafStore],
  'abort: a signal that aborts when all is over changes nothing': [
    wrong((store) => ({
      stat: (cid, options) => {
        options?.signal?.addEventListener('abort', () => void store.close())
        return store.stat(cid, options)
      },
    })),
  ],

  'traits: are ones that exist': [
    wrong(() => ({ name: '' })),
    wrong(() => ({ traits: { ranges: 'some' as 'none', verifies: 'leaves' } })),
    wrong(() => ({ traits: { ranges: 'none', verifies: 'never' as 'nothing' } })),
    wrong(() => ({ traits: { ranges: 'none', verifies: 'nothing', maxBlobSize: 0 } })),
  ],
  'methods need no this': [
    (store) => ({
      ...store,
      stat(cid, options) {
        return this === undefined ? Promise.reject(new TypeError('needs this')) : store.stat(cid, options)
      },
    }),
  ],
  'health: a working backend is reachable': [
    wrong(() => ({ health: async () => ({ reachable: false }) })),
    wrong(() => ({ health: async () => ({ reachable: true, latency: -1 }) })),
  ],
  'pin: says whether the blob is here, unpin whether it was pinned': [
    wrong(() => ({ pin: async () => true })),
    wrong(() => ({ unpin: async () => true })),
    wrong(() => ({ unpin: async () => false })),
  ],
  'providers: have an id, addresses and the name of the backend': [
    wrong(() => ({
      providers: async function* () {
        yield { id: 'me', addresses: [], backend: 'another' }
      },
    })),
    wrong((store) => ({
      providers: async function* () {
        yield { id: '', addresses: [], backend: store.name }
      },
    })),
  ],
  'close: twice is fine': [
    (store) => {
      let closed = false
      return {
        ...store,
        close: async () => {
          if (closed) throw fault('closed')
          closed = true
        },
      }
    },
  ],
  'close: calls after it fail with closed': [
    wrong(() => ({ close: async () => {} })),
    wrong((store) => ({ stat: (cid) => pardon(store.stat(cid), 'closed', () => undefined) })),
  ],
  'close: a body under way ends whole or fails with closed': [
    wrongBody(quietlyCut),
    wrongBody((body) => renamed(body, 'unexpected')),
  ],
  'close: a put under way ends stored or fails with closed': [
    wrong((store) => ({ put: (blob, options) => pardon(store.put(blob, options), 'closed', () => {}) })),
  ],
  'reopen: blobs outlive a close': [forgetful],

  'ingest: finds cid, size and outboard of blobs of every size': [
    wrong((store) => ({ ingest: async (...call) => ({ ...(await store.ingest(...call)), size: 3 }) })),
    wrong((store) => ({
      ingest: async (...call) => ({ ...(await store.ingest(...call)), outboard: new Uint8Array() }),
    })),
    wrong((store) => ({
      ingest: async (...call) => ({ ...(await store.ingest(...call)), cid: rawCid(new Uint8Array(32)) }),
    })),
  ],
  'ingest: cuts and links as the layout says': [
    wrong((store) => ({ ingest: (bytes, options) => store.ingest(bytes, { ...options, layout: undefined }) })),
  ],
  'ingest: keeps no hold on the chunks it gets': [
    wrong((store) => ({ ingest: async (bytes, options) => store.ingest(bodyOf(await bytesOf(bytes)), options) })),
  ],
  'ingest: stores the same bytes once, and says so': [
    wrong((store) => ({ ingest: async (...call) => ({ ...(await store.ingest(...call)), deduplicated: false }) })),
    wrong((store) => ({ ingest: async (...call) => ({ ...(await store.ingest(...call)), deduplicated: true }) })),
  ],
  'ingest: what is expected and comes is stored': [
    wrong((store) => ({
      ingest: async (bytes, options) =>
        options?.expect ? Promise.reject(fault('integrity')) : store.ingest(bytes, options),
    })),
  ],
  'ingest: another cid than expected fails with integrity and leaves nothing behind': [
    ignoresExpect,
    wrong((store) => ({
      ingest: async (bytes, options) => {
        const found = await store.ingest(bytes, { ...options, expect: undefined })
        if (options?.expect?.cid?.equals(found.cid) === false) throw fault('integrity')
        return found
      },
    })),
  ],
  'ingest: another sha256 than expected fails with integrity and leaves nothing behind': [ignoresExpect],
  'ingest: with alias the blob is found by the sha256 of its bytes': [
    wrong((store) => ({ ingest: (bytes, options) => store.ingest(bytes, { ...options, alias: false }) })),
    wrongAliases(() => ({ get: async () => undefined })),
  ],
  'ingest: tells how many bytes it has': [
    wrong((store) => ({ ingest: (bytes, options) => store.ingest(bytes, { ...options, onBytes: undefined }) })),
    wrong((store) => ({
      ingest: (bytes, options) => store.ingest(bytes, { ...options, onBytes: () => options?.onBytes?.(1) }),
    })),
  ],
  'ingest: a source that breaks off leaves nothing behind': [
    wrong((store) => ({ ingest: (bytes, options) => store.ingest(quietlyCut(bytes), options) })),
    wrong((store) => ({ ingest: (bytes, options) => store.ingest(renamed(bytes, 'unexpected'), options) })),
  ],
  'ingest: an abort stops it, leaves nothing behind and lets go of the source': [
    deafStore,
    wrong((store) => ({ ingest: (bytes, options) => store.ingest(unleavable(bytes), options) })),
  ],
  'ingest: an abort stops it while its source hangs': [
    deafStore,
    wrong((store) => ({ ingest: (bytes, options) => store.ingest(unleavable(bytes), options) })),
  ],
  'ingest: an abort before it begins rejects with the reason': [deafStore],
  'ingest: 32 times the same bytes at once are one blob': [
    wrong((store) => ({ ingest: async (...call) => ({ ...(await store.ingest(...call)), deduplicated: false }) })),
  ],
  'ingest: 32 different blobs at once': [
    (store) => {
      const light = overloaded(8)
      return { ...store, ingest: (...call) => light(() => store.ingest(...call)) }
    },
  ],

  'names: point at blobs, move, and are removed': [
    wrongNames(() => ({ set: async () => {} })),
    wrongNames(() => ({ remove: async () => true })),
    wrongNames((names) => ({
      set: async (change, cid) => ((await names.get(change.name)) ? undefined : names.set(change, cid)),
    })),
  ],
  'names: do not point at a blob that is not here': [
    wrongNames((names) => ({ set: (change, cid) => pardon(names.set(change, cid), 'not-found', () => {}) })),
  ],
  'names: any text may be one, and is kept as it is': [
    wrongNames((names) => ({ set: ({ name }, cid) => names.set({ name: name.replaceAll('..', '_') }, cid) })),
    wrongNames((names) => ({
      set: async (change, cid) =>
        /[^ -~]/.test(change.name) ? Promise.reject(fault('invalid-argument')) : names.set(change, cid),
    })),
  ],
  'names: what cannot be one fails with invalid-argument': [
    wrongNames((names) => ({ set: (change, cid) => pardon(names.set(change, cid), 'invalid-argument', () => {}) })),
    wrong((store) => ({ ingest: (bytes, options) => store.ingest(bytes, { ...options, name: undefined }) })),
  ],
  'names: compare-and-set changes only what is as expected': [
    wrongNames((names) => ({ set: ({ name }, cid) => names.set({ name }, cid) })),
    wrongNames((names) => ({
      set: (change, cid) => names.set(change.ifCurrent === null ? { name: change.name } : change, cid),
    })),
    wrongNames((names) => ({
      set: (change, cid) => names.set(change.ifCurrent ? { name: change.name } : change, cid),
    })),
  ],
  'names: of many compare-and-sets at once one succeeds': [
    wrongNames((names) => ({
      set: async ({ name, ifCurrent }, cid) => {
        const current = await names.get(name)
        if (ifCurrent === null && current !== undefined) throw fault('conflict')
        await names.set({ name }, cid)
      },
    })),
  ],
  'names: history tells where it pointed, newest first': [
    wrongNames(() => ({ history: nothing })),
    wrongNames((names) => ({
      history: async function* (name) {
        yield* (await collect(names.history(name))).reverse()
      },
    })),
  ],
  'names: go with their blob, and stay in the history': [
    (store) => {
      const kept = new Map<string, CID>()
      return wrongNames((names) => ({
        set: async (change, cid) => {
          kept.set(change.name, cid)
          await names.set(change, cid)
        },
        get: async (name) => kept.get(name),
      }))(store)
    },
    wrongNames(() => ({ history: nothing })),
  ],
  'catalog: knows nothing of an absent blob': [
    wrongCatalog(() => ({
      get: async (cid) => ({
        cid,
        size: 0,
        kind: 'blob',
        names: [],
        aliases: [],
        copies: [],
        pinned: false,
        createdAt: new Date(),
        lastUsedAt: new Date(),
      }),
    })),
  ],
  'catalog: records kind, size, times, and use': [
    wrongCatalog(() => ({ touch: () => {} })),
    wrongRecord({ size: 1 }),
    wrongRecord({ kind: 'directory' }),
    wrongRecord({ createdAt: new Date(0) }),
    wrongRecord({ names: ['none'] }),
  ],
  'catalog: lists by prefix of a name and by pin': [
    wrongCatalog((catalog) => ({ list: (filter) => catalog.list({ ...filter, prefix: undefined }) })),
    wrongCatalog((catalog) => ({ list: (filter) => catalog.list({ ...filter, pinned: undefined }) })),
    wrongCatalog((catalog) => ({
      list: async function* ({ prefix = '', ...filter } = {}) {
        for await (const record of catalog.list(filter)) {
          if (prefix === '' || record.names.some((name) => name.includes(prefix))) yield record
        }
      },
    })),
    wrongCatalog((catalog) => ({
      list: async function* ({ prefix = '', ...filter } = {}) {
        const like = new RegExp(`^${prefix.replaceAll('_', '.')}`)
        for await (const record of catalog.list(filter)) if (record.names.some((name) => like.test(name))) yield record
      },
    })),
  ],
  'aliases: point at blobs that are here': [
    wrongAliases(() => ({ set: async () => {} })),
    wrongRecord({ aliases: [] }),
  ],
  'pins: keep their time and their label': [
    wrongPins((pins) => ({
      set: async (cid, label) => {
        await pins.remove(cid)
        return pins.set(cid, label)
      },
    })),
    wrongPins((pins) => ({ set: (cid, label) => pins.set(cid, label ?? 'none') })),
    wrongPins((pins) => ({ set: async (cid, label) => (await pins.set(cid, label)) || true })),
    wrongPins((pins) => ({ remove: async (cid) => (await pins.remove(cid)) || true })),
  ],
  'pins: a pinned blob is not deleted, unless by force': [
    forces,
    wrong((store) => ({ delete: (cid) => store.delete(cid) })),
  ],
  'commit: blob, name and pin come together': [
    wrong((store) => ({ ingest: (bytes, options) => store.ingest(bytes, { ...options, name: undefined }) })),
    wrong((store) => ({ ingest: (bytes, options) => store.ingest(bytes, { ...options, pin: true }) })),
  ],
  'commit: when the name is not as expected nothing is stored': [
    wrong((store) => ({
      ingest: async (bytes, { name, ...options } = {}) => {
        const found = await store.ingest(bytes, options)
        if (name !== undefined) await store.catalog.names.set(name, found.cid)
        return found
      },
    })),
  ],
  'commit: never lowers a pin': [
    wrong((store) => ({
      ingest: async (bytes, options) => {
        const found = await store.ingest(bytes, options)
        if (options?.pin === false) await store.unpin?.(found.cid)
        return found
      },
    })),
    wrong((store) => ({
      put: async (blob) => {
        await store.unpin?.(blob.cid)
        await store.put(blob)
      },
    })),
  ],

  'partial: takes leaves in any order; nothing is visible before it is published': [
    wrongPartial((partial) => ({
      write: async (leaf, bytes) =>
        leaf > 0 && !partial.has(leaf - 1) ? Promise.reject(fault('conflict')) : partial.write(leaf, bytes),
    })),
    wrongPartial((partial, store) => ({
      write: async (leaf, bytes) => {
        await partial.write(leaf, bytes)
        if (leaf === 3) await store.put(await blobOf(partial.size))
      },
    })),
    wrongPartial((partial) => ({ missing: () => [...partial.missing()].reverse() })),
    wrongPartial(() => ({ leafCount: 1 })),
  ],
  'partial: takes blobs of one leaf and of none, and of other layouts': [
    wrong((store) => ({
      partial: async (blob) => (blob.size === 0 ? Promise.reject(fault('unsupported')) : store.partial(blob)),
    })),
    wrong((store) => ({
      partial: async (blob) => (blob.cid.version === 0 ? Promise.reject(fault('unsupported')) : store.partial(blob)),
    })),
  ],
  'partial: wrong bytes fail with integrity, and nothing changes': [
    wrongPartial((partial) => ({ write: (leaf, bytes) => pardon(partial.write(leaf, bytes), 'integrity', () => {}) })),
    wrongPartial((partial) => {
      const marked = new Set<number>()
      return {
        write: (leaf, bytes) => {
          marked.add(leaf)
          return partial.write(leaf, bytes)
        },
        missing: () => [...partial.missing()].filter((leaf) => !marked.has(leaf)),
      }
    }),
  ],
  'partial: who holds one learns that somebody waits for it': [
    wrongPartial(() => ({ contended: new AbortController().signal })),
    wrongPartial(() => ({ contended: AbortSignal.abort() })),
  ],
  'partial: a leaf that does not exist is refused': [
    wrongPartial((partial) => ({
      write: (leaf, bytes) => pardon(partial.write(leaf, bytes), 'invalid-argument', () => {}),
    })),
    wrongPartial(() => ({ has: () => true })),
  ],
  'partial: a leaf may be written twice': [
    wrongPartial((partial) => ({
      write: async (leaf, bytes) =>
        partial.has(leaf) ? Promise.reject(fault('conflict')) : partial.write(leaf, bytes),
    })),
  ],
  'partial: leaves may be written all at once': [
    wrongPartial((partial) => {
      const light = overloaded(100)
      return { write: (leaf, bytes) => light(() => partial.write(leaf, bytes)) }
    }),
  ],
  'partial: keeps no hold on the bytes it gets': [heldLeaves],
  'partial: gives leaves back; those not here fail with not-found': [
    wrongPartial((partial) => ({ read: async (leaf) => flip(await partial.read(leaf)) })),
    wrongPartial((partial) => ({ read: (leaf) => pardon(partial.read(leaf), 'not-found', () => new Uint8Array()) })),
  ],
  'partial: published too early fails with conflict, and goes on': [
    wrongPartial((partial) => ({
      publish: async (options) =>
        pardon(partial.publish(options), 'conflict', async () => {
          await partial.discard()
          throw fault('conflict')
        }),
    })),
    wrongPartial((partial, store) => ({
      publish: async (options) =>
        pardon(partial.publish(options), 'conflict', async () => {
          await store.put(await blobOf(partial.size))
          throw fault('conflict')
        }),
    })),
  ],
  'partial: what was written waits for the next opening': [
    wrongPartial((partial) => ({ close: () => partial.discard() })),
    wrong((store) => ({ usage: async () => ({ ...(await store.usage()), partialBytes: 0 }) })),
  ],
  'partial: outlives the store': [wrongPartial((partial) => ({ close: () => partial.discard() }))],
  'partial: discarded leaves nothing behind': [wrongPartial((partial) => ({ discard: () => partial.close() }))],
  'partial: is over once it is published': [
    wrongPartial((partial) => ({ write: (leaf, bytes) => pardon(partial.write(leaf, bytes), 'closed', () => {}) })),
  ],
  'partial: a second opening waits for the first to close': [
    (store) => {
      const open = new Map<string, Promise<PartialBlob>>()
      return {
        ...store,
        partial: (blob) => {
          const key = blob.cid.toString()
          const partial = open.get(key) ?? store.partial(blob)
          open.set(key, partial)
          return partial
        },
      }
    },
  ],
  'partial: an abort ends the wait for another opening, and the door stays usable': [
    wrong((store) => ({ partial: (blob, options) => store.partial(blob, deaf(options)) })),
    wrong((store) => ({
      partial: (blob, options) => {
        const { promise, reject } = Promise.withResolvers<never>()
        options?.signal?.addEventListener('abort', () => reject(options.signal?.reason))
        return Promise.race([store.partial(blob), promise])
      },
    })),
  ],
  'partial: two blobs do not wait for each other': [
    (store) => {
      let last: Promise<unknown> = Promise.resolve()
      return {
        ...store,
        partial: async (blob) => {
          const { promise: closed, resolve } = Promise.withResolvers<void>()
          const before = last
          last = closed
          await before
          const partial = await store.partial(blob)
          return { ...partial, close: async () => resolve(await partial.close()) }
        },
      }
    },
  ],
  'partial: a damaged outboard fails with integrity': [
    wrong((store) => ({
      partial: async (blob) => pardon(store.partial(blob), 'integrity', async () => store.partial(await blobOf(11))),
    })),
    wrong((store) => ({ partial: (blob) => store.partial({ ...blob, size: 3 * 1_048_576 + 7 }) })),
  ],
  'partial: an aborted call rejects with the reason, and nothing changes': [
    wrongPartial((partial) => ({ write: (leaf, bytes) => partial.write(leaf, bytes) })),
    wrongPartial((partial) => ({ read: (leaf) => partial.read(leaf) })),
    wrongPartial((partial) => ({ publish: (options) => partial.publish(deaf(options)) })),
    wrong((store) => ({ partial: (blob) => store.partial(blob) })),
  ],
  'partial: is published with name and pin': [wrongPartial((partial) => ({ publish: () => partial.publish() }))],
  'partial: of a blob that is here is a duplicate': [
    wrongPartial((partial) => ({
      publish: async (options) => ({ ...(await partial.publish(options)), deduplicated: false }),
    })),
  ],

  'directory: comes back as it was put': [
    wrongDirectory((directory) => ({ ...directory, size: 1 })),
    wrongDirectory((directory) => ({ ...directory, children: [] })),
    wrongDirectory((directory) => ({ ...directory, nodes: [] })),
    wrong((store) => ({
      putDirectory: async (...call) => (await store.putDirectory(...call)) && { deduplicated: false },
    })),
    wrongRecord({ kind: 'blob' }),
  ],
  'directory: may be empty, and may need many nodes': [
    wrong((store) => ({
      putDirectory: async (given) =>
        given.children.length === 0 ? Promise.reject(fault('unsupported')) : store.putDirectory(given),
    })),
    wrongDirectory((directory) => ({ ...directory, nodes: directory.nodes.slice(0, 1) })),
  ],
  'directory: what is none or not here is undefined': [
    wrong(() => ({ directory: async (cid) => ({ cid, size: 0, nodes: [], children: [] }) })),
  ],
  'directory: is no blob': [
    wrong((store) => ({ stat: async (cid) => (await store.stat(cid)) ?? (await store.catalog.get(cid)) })),
    wrong((store) => ({ list: () => store.catalog.list() })),
    wrong((store) => ({
      read: (cid, options) =>
        pardon(store.read(cid, options), 'not-found', () => ({ size: 0, offset: 0, length: 0, body: nothing() })),
    })),
  ],
  'directory: with a child that is not here fails with not-found': [
    wrong((store) => ({
      putDirectory: (...call) => pardon(store.putDirectory(...call), 'not-found', () => ({ deduplicated: false })),
    })),
    wrong((store) => ({
      putDirectory: (given, options) =>
        pardon(store.putDirectory(given, options), 'not-found', async () => {
          if (options?.name !== undefined) await store.catalog.names.set(options.name, given.children[0] as CID)
          throw fault('not-found')
        }),
    })),
  ],
  'directory: with wrong nodes fails with integrity': [
    wrong((store) => ({
      putDirectory: (...call) => pardon(store.putDirectory(...call), 'integrity', () => ({ deduplicated: false })),
    })),
  ],
  'directory: is put with name and pin, or not at all': [
    wrong((store) => ({ putDirectory: (given) => store.putDirectory(given) })),
    wrong((store) => ({
      putDirectory: async (given, { name, ...options } = {}) => {
        const put = await store.putDirectory(given, options)
        if (name !== undefined) await store.catalog.names.set(name, given.cid)
        return put
      },
    })),
  ],
  'directory: an aborted call rejects with the reason': [
    deafStore,
    wrong((store) => ({ directory: (cid) => store.directory(cid) })),
  ],
  'directory: takes the members along that came with it': [memberless, sweepsChildren(() => true)],
  'directory: leaves what was put by itself, before or after': [
    sweepsChildren(() => true),
    wrong((store) => ({ put: async (blob) => void (await store.ingest(blob.open(), { member: true })) })),
  ],
  'directory: leaves a member that is pinned or has a name': [
    sweepsChildren(() => true),
    sweepsChildren(({ pinned }) => pinned),
    sweepsChildren(({ names }) => names.length > 0),
  ],
  'delete: what a directory holds fails with conflict': [forces],
  'delete: what lies below a pinned directory fails with pinned': [
    forces,
    wrong((store) => ({
      delete: async (cid) =>
        pardon(store.delete(cid), 'pinned', async () => {
          throw fault((await store.catalog.get(cid))?.pinned ? 'pinned' : 'conflict')
        }),
    })),
  ],
  'delete: force takes what a directory holds': [
    wrong((store) => ({ delete: (cid) => store.delete(cid) })),
    wrong(() => ({ verify: async () => [] })),
  ],

  'gc: without a budget removes nothing that was put': [wrong((store) => ({ gc: () => store.gc({ maxSize: 0 }) }))],
  'gc: evicts what was used longest ago until the rest fits': [
    wrong((store) => ({ gc: () => store.gc() })),
    wrong((store) => ({ gc: () => store.gc({ maxSize: 0 }) })),
    wrongCatalog(() => ({ touch: () => {} })),
    wrong((store) => ({ gc: async (options) => ({ ...(await store.gc(options)), freed: 0 }) })),
  ],
  'gc: never evicts what is pinned or leased': [
    wrong((store) => ({
      lease: async (cid) => ({
        cid,
        release: async () => {},
        [Symbol.asyncDispose]: async () => void (await store.stat(cid)),
      }),
    })),
    wrongPins(() => ({ set: async () => true })),
    wrong((store) => ({
      lease: async (cid) => {
        const [lease, other] = [await store.lease(cid), await store.lease(cid)]
        return { ...lease, release: async () => void (await Promise.all([lease.release(), other.release()])) }
      },
    })),
  ],
  'gc: evicts a directory whole or not at all': [
    memberless,
    wrong((store) => ({
      gc: async (options) => {
        for (const { cid, kind, pinned } of await collect(store.catalog.list())) {
          if (options?.maxSize === 0 && kind === 'directory' && !pinned) await store.delete(cid)
        }
        return store.gc(options)
      },
    })),
  ],
  'gc: an aborted call rejects with the reason, and nothing goes': [deafStore],
  'gc: a partial blob that is closed waits on': [
    (store) => {
      const begun: Parameters<typeof store.partial>[0][] = []
      return {
        ...store,
        partial: (blob) => {
          begun.push(blob)
          return store.partial(blob)
        },
        gc: async (options) => {
          for (const blob of begun) await (await store.partial(blob)).discard()
          return store.gc(options)
        },
      }
    },
  ],
  'lease: of what is not here fails with not-found': [
    wrong(() => ({ lease: async (cid) => ({ cid, release: async () => {}, [Symbol.asyncDispose]: async () => {} }) })),
  ],
  'lease: a member outlives the directories that hold it': [
    memberless,
    wrong((store) => ({
      lease: async (cid) => ({
        cid,
        release: async () => {},
        [Symbol.asyncDispose]: async () => void (await store.stat(cid)),
      }),
    })),
  ],
  'lease: names its blob': [
    wrong((store) => ({ lease: async (cid) => ({ ...(await store.lease(cid)), cid: rawCid(new Uint8Array(32)) }) })),
  ],
  'usage: counts blobs, directories and bytes': [
    wrong((store) => ({ usage: async () => ({ ...(await store.usage()), directories: 0 }) })),
    wrong((store) => ({ usage: async () => ({ ...(await store.usage()), bytes: 0 }) })),
  ],
  'verify: finds nothing wrong with what is good': [wrong(() => ({ verify: async () => ['It does not look right.'] }))],
  'verify: an aborted call rejects with the reason': [deafStore],
  'rot: verify finds it': [wrong(() => ({ verify: async () => [] }))],
  'rot: a read never gives a wrong byte': [
    wrong((store) => ({
      read: async (cid, options) => {
        const read = await store.read(cid, options)
        return { ...read, body: zeroed(read.body, read.length) }
      },
    })),
    wrongBody(quietlyCut),
  ],
  'rot: a put of the same bytes heals it, and pin and name stay': [
    wrong((store) => ({
      ingest: async (bytes, options) => {
        const given = await bytesOf(bytes)
        const { cid, size, outboard } = await hashContent(bodyOf(given))
        if ((await store.stat(cid)) === undefined) return store.ingest(bodyOf(given), options)
        return { cid, size, outboard, deduplicated: true }
      },
    })),
    wrong((store) => ({
      ingest: async (bytes, options) => {
        const given = await bytesOf(bytes)
        await store.delete((await hashContent(bodyOf(given))).cid, { force: true })
        return store.ingest(bodyOf(given), options)
      },
    })),
  ],
  'scratch: keeps what is appended': [
    (store) => {
      const one = store.scratch()
      return { ...store, scratch: () => one }
    },
    wrong((store) => ({
      scratch: async () => {
        const scratch = await store.scratch()
        return { ...scratch, append: async (bytes) => (await scratch.append(bytes)) && 0 }
      },
    })),
    wrong((store) => ({
      scratch: async () => {
        const scratch = await store.scratch()
        return { ...scratch, close: async () => {} }
      },
    })),
  ],
  'scratch: appends at once get places of their own': [
    wrong((store) => ({
      scratch: async () => {
        const scratch = await store.scratch()
        let end = 0
        return {
          ...scratch,
          append: async (bytes) => {
            const position = end
            await scratch.append(bytes)
            end += bytes.length
            return position
          },
        }
      },
    })),
  ],
  'close: near calls after it fail with closed': [
    wrong(() => ({ close: async () => {} })),
    wrong((store) => ({
      usage: () => pardon(store.usage(), 'closed', () => ({ blobs: 0, directories: 0, bytes: 0, partialBytes: 0 })),
    })),
  ],
  'close: an ingest under way ends stored or fails with closed': [
    wrong((store) => ({
      ingest: (bytes, options) =>
        pardon(store.ingest(bytes, options), 'closed', () => ({
          cid: rawCid(new Uint8Array(32)),
          size: 0,
          outboard: new Uint8Array(),
          deduplicated: false,
        })),
    })),
    wrong((store) => ({
      ingest: (bytes, options) => store.ingest(bytes, options).catch(() => Promise.reject(fault('unexpected'))),
    })),
  ],
  'reopen: the catalog outlives a close': [
    forgetful,
    wrong((store) => ({
      ingest: (bytes, options) => store.ingest(bytes, { ...options, pin: options?.pin ? { name: 'another' } : false }),
    })),
    wrong((store) => ({ ingest: (bytes, options) => store.ingest(bytes, { ...options, alias: false }) })),
    wrongNames(() => ({ history: nothing })),
  ],
  'findBlock: knows every block of blobs of every size and layout': [
    wrong(() => ({ findBlock: async () => undefined })),
    wrongPlace((place) => ({ ...place, leaf: place.leaf === undefined ? 0 : undefined })),
    wrongPlace((place) => (place.leaf === undefined ? place : { ...place, leaf: 0 })),
    wrongPlace((place) => (place.leaf === undefined ? undefined : place)),
  ],
  'findBlock: knows what came after it was first asked': [
    wrong((store) => {
      const asked = new Map<string, ReturnType<NonNullable<NearStore['findBlock']>>>()
      return {
        findBlock: (digest) => {
          const key = digest.toString()
          const place = asked.get(key) ?? found(store, digest)
          asked.set(key, place)
          return place
        },
      }
    }),
  ],
  'findBlock: forgets what is deleted, and keeps what another blob shares': [
    wrong((store) => {
      const asked = new Map<string, Awaited<ReturnType<NonNullable<NearStore['findBlock']>>>>()
      return {
        findBlock: async (digest) => {
          const key = digest.toString()
          const place = (await found(store, digest)) ?? asked.get(key)
          asked.set(key, place)
          return place
        },
      }
    }),
    wrong((store) => {
      let deleted = false
      return {
        delete: async (cid, options) => {
          deleted = true
          return store.delete(cid, options)
        },
        findBlock: async (digest) => (deleted ? undefined : found(store, digest)),
      }
    }),
  ],
  'findBlock: knows the nodes of directories': [
    wrong((store) => ({
      findBlock: async (digest) => {
        const place = await found(store, digest)
        return place && (await store.directory(place.cid)) === undefined ? place : undefined
      },
    })),
    wrongPlace((place) => ({ ...place, leaf: 0 })),
  ],
  'findBlock: survives a reopening': [wrong(() => ({ findBlock: async () => undefined }))],
  'findBlock: of what is no digest, or of nobody, is undefined': [
    wrong((store) => ({
      findBlock: async (digest) => (await found(store, digest)) ?? { cid: rawCid(new Uint8Array(32)) },
    })),
  ],
  'findBlock: an aborted call rejects with the reason': [
    wrong((store) => ({ findBlock: (digest) => found(store, digest) })),
  ],
  'copies: are queued in the step that makes content visible, or not at all': [
    wrong((store) => ({ ingest: (source, options) => store.ingest(source, { ...options, copies: undefined }) })),
    wrong((store) => ({
      ingest: async (source, options) => {
        const name = options?.name
        const stored = await store.ingest(source, { ...options, name: undefined })
        if (name !== undefined) await store.catalog.names.set(name, stored.cid)
        return stored
      },
    })),
    wrong((store) => ({
      putDirectory: (directory, options) => store.putDirectory(directory, { ...options, copies: undefined }),
    })),
    wrongPartial((partial) => ({ publish: (options) => partial.publish({ ...options, copies: undefined }) })),
  ],
  'copies: what a tier has is not queued by a put, what failed is': [
    wrong((store) => ({
      ingest: async (source, options) => {
        const stored = await store.ingest(source, options)
        await store.catalog.copies.queue(stored.cid, options?.copies ?? [], { again: true })
        return stored
      },
    })),
    wrongCopies((copies) => ({ queue: (cid, tiers) => copies.queue(cid, tiers) })),
    wrongRecord({ copies: ['has', 'fails'] }),
  ],
  'copies: each is claimed once, those first that have been due for longest': [
    wrongCopies((copies) => ({
      claim: async (claim) => {
        const claimed = await copies.claim(claim)
        for (const copy of claimed) await copies.settle(copy, { state: 'queued', dueAt: copy.dueAt })
        return claimed
      },
    })),
    wrongCopies((copies) => ({ claim: async (claim) => (await copies.claim(claim)).toReversed() })),
    wrongCopies((copies) => ({ claim: async (claim) => (claim.cid === undefined ? copies.claim(claim) : []) })),
  ],
  'copies: a claim ends as it is told': [
    wrongCopies((copies) => ({ settle: async (copy, outcome) => (await copies.settle(copy, outcome), true) })),
    wrongCopies((copies) => ({
      settle: (copy, outcome) =>
        copies.settle(copy, outcome.state === 'queued' ? { ...outcome, dueAt: new Date() } : outcome),
    })),
    wrongCopies((copies) => ({
      settle: (copy, outcome) =>
        copies.settle(copy, outcome.state === 'queued' ? { error: fault('timeout'), ...outcome } : outcome),
    })),
    wrongCopies((copies) => ({ nextDue: async (tier) => (await copies.nextDue(tier)) && new Date() })),
  ],
  'copies: what a closed store had claimed is free': [
    wrong(() => ({ close: async () => {} })),
    wrongCopies(() => ({ nextDue: async () => undefined })),
  ],
  'copies: are found by whoever looks': [
    wrongCopies(() => ({ found: async () => true })),
    wrongCopies((copies) => ({ found: async (cid, tier) => (await copies.found(cid, tier), false) })),
    wrongCatalog((catalog) => ({ list: (filter) => catalog.list({ ...filter, tier: undefined }) })),
  ],
  'copies: go with their blob': [
    (store) => {
      let last: readonly { readonly tier: string }[] = []
      return wrong((inner) => ({
        delete: async (cid, options) => {
          last = await inner.catalog.copies.of(cid)
          return inner.delete(cid, options)
        },
        ingest: async (source, options) => {
          const stored = await inner.ingest(source, options)
          await inner.catalog.copies.queue(
            stored.cid,
            last.map(({ tier }) => tier),
          )
          return stored
        },
      }))(store)
    },
  ],
  'copies: are listed and summed up by tier and state': [
    wrongCopies((copies) => ({ list: (filter) => copies.list({ ...filter, tier: undefined }) })),
    wrongCopies((copies) => ({ list: (filter) => copies.list({ ...filter, state: undefined }) })),
    wrongCopies((copies) => ({ sums: async () => (await copies.sums()).map((sum) => ({ ...sum, bytes: 0 })) })),
    wrongCopies((copies) => ({
      sums: async () => (await copies.sums()).map((sum) => ({ ...sum, oldest: new Date(0) })),
    })),
  ],
  'gc: never evicts what is to be copied': [
    wrong((store) => ({
      gc: async (options) => {
        for await (const copy of store.catalog.copies.list()) await store.catalog.copies.found(copy.cid, copy.tier)
        return store.gc(options)
      },
    })),
  ],
  'evict: removes what a far tier has, and nothing else': [
    wrong((store) => ({ evict: (cid) => store.delete(cid, { force: true }) })),
    wrong((store) => ({
      evict: async (cid) =>
        (await store.catalog.get(cid))?.pinned === true ? store.delete(cid, { force: true }) : store.evict(cid),
    })),
    wrong(() => ({ evict: async () => false })),
  ],
  'evict: names and aliases go on naming what a far tier has': [
    wrong((store) => ({
      gc: async (options) => {
        for await (const { cid } of store.catalog.list()) await store.delete(cid)
        return store.gc(options)
      },
    })),
    wrong((store) => ({
      delete: async (cid, options) =>
        (await store.delete(cid, options)) && (await store.catalog.get(cid)) !== undefined,
    })),
  ],
  'gc: evicts first what a far tier has': [wrongCopies(() => ({ found: async () => true }))],
}

function source({ cid, size, outboard, open }: BlobSource, change: (body: Body) => Body): BlobSource {
  return { cid, size, outboard, open: (options) => change(open(options)) }
}

async function* firstBytes(body: Body, count: number): Body {
  let left = count
  for await (const chunk of body) {
    yield chunk.subarray(0, left)
    left = Math.max(left - chunk.length, 0)
  }
}

async function* renamed(body: Body, code: StorageError['code']): Body {
  try {
    yield* body
  } catch {
    throw fault(code)
  }
}

async function* zeroed(body: Body, length: number): Body {
  let given = 0
  try {
    for await (const chunk of body) {
      yield chunk
      given += chunk.length
    }
  } catch (error) {
    if (!StorageError.is(error, 'integrity')) throw error
    yield new Uint8Array(length - given)
  }
}

/** A put that fails is forgotten, but not by `stat`. */
function leavesGhosts(code: StorageError['code']): Mutation {
  return (store) => {
    const ghosts = new Set<string>()
    return {
      ...store,
      put: (blob) =>
        pardon(store.put(blob), code, () => {
          ghosts.add(blob.cid.toString())
          throw fault(code)
        }),
      stat: async (cid) => (await store.stat(cid)) ?? (ghosts.has(cid.toString()) ? { cid, size: 0 } : undefined),
    }
  }
}

function wrongRecord(change: Partial<BlobRecord>): Mutation {
  return wrongCatalog((catalog) => ({
    get: async (cid) => {
      const record = await catalog.get(cid)
      return record && { ...record, ...change }
    },
  }))
}

/** A directory takes such members along whatever else holds or keeps them. */
function sweepsChildren(such: (record: BlobRecord) => boolean): Mutation {
  return wrong((store) => ({
    delete: async (cid) => {
      const directory = await store.directory(cid)
      const records = await Promise.all((directory?.children ?? []).map((child) => store.catalog.get(child)))
      const gone = await store.delete(cid)
      for (const record of records)
        if (record !== undefined && such(record)) await store.delete(record.cid, { force: true })
      return gone
    },
  }))
}

function wrongDirectory(change: (directory: Directory) => Directory): Mutation {
  return wrong((store) => ({
    directory: async (cid) => {
      const directory = await store.directory(cid)
      return directory && change(directory)
    },
  }))
}

/** Checks leaves when they come and copies them when they are published. */
function heldLeaves(store: Parameters<Mutation>[0]): ReturnType<Mutation> {
  return wrongPartial((partial) => {
    const held: Uint8Array[] = []
    return {
      write: async (leaf, bytes) => {
        await partial.write(leaf, bytes)
        held[leaf] = bytes
      },
      publish: async (options) => {
        for (const [leaf, bytes] of held.entries()) await partial.write(leaf, bytes)
        return partial.publish(options)
      },
    }
  })(store)
}

function found(store: NearStore, digest: Uint8Array): ReturnType<NonNullable<NearStore['findBlock']>> {
  return (store.findBlock as NonNullable<NearStore['findBlock']>)(digest)
}

function wrongPlace(change: (place: BlockPlace) => BlockPlace | undefined): Mutation {
  return wrong((store) => ({
    findBlock: async (digest) => {
      const place = await found(store, digest)
      return place && change(place)
    },
  }))
}
