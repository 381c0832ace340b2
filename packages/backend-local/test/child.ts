import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StorageError, cidKey, layouts, fixedSize, hashContent, parseCid } from '@stowage/core/spi'
import { local } from '../src/index.ts'
import { bodyOf, bytesOf, content } from './content.ts'

/** A process of its own on a store's folder. It says on stdout what it has done, a JSON text a line. */
const [dir, command, ...values] = process.argv.slice(2) as [string, string, ...string[]]
const store = local({ dir, ...(command === 'fill' && { maxSize: Number(values[1]) }) })
const layout = { ...layouts['unixfs-v1-2025'], name: 'small', splitter: fixedSize(4096), maxLinks: 4 }

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

async function* never(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
  say('waiting')
  await once(process, 'never')
}

const commands: Record<string, () => Promise<void>> = {
  /** Puts one blob, when told to go. */
  put: async () => {
    const bytes = content(String(values[0]), Number(values[1]))
    await store.usage()
    say('ready')
    await once(process.stdin, 'data')
    const { cid, deduplicated } = await store.ingest(bodyOf(bytes))
    say({ cid: cidKey(cid), deduplicated })
  },
  /** Puts blobs of 10 kB into a store with a budget, four at a time, and says what it held after each. */
  fill: async () => {
    const [seed, , count] = [String(values[0]), values[1], Number(values[2])]
    await store.usage()
    say('ready')
    await once(process.stdin, 'data')
    for (let number = 0; number < count; number += 4) {
      const four = [0, 1, 2, 3].map((one) => store.ingest(bodyOf(content(`${seed}-${number + one}`, 100_000))))
      await Promise.all(four)
      say({ bytes: (await store.usage()).bytes })
    }
  },
  /** Adds one to what a name stands for, so many times, by compare-and-set. */
  count: async () => {
    const [name, times] = [String(values[0]), Number(values[1])]
    for (let done = 0; done < times;) {
      const now = await store.catalog.names.get(name)
      const value = now === undefined ? 0 : Number(await bytesOf((await store.read(now)).body))
      const change = { name, ifCurrent: now ?? null }
      done += await store.ingest(bodyOf(Buffer.from(`${value + 1}`)), { name: change }).then(
        () => 1,
        (error: unknown) => {
          if (StorageError.is(error, 'conflict')) return 0
          throw error
        },
      )
    }
    say('counted')
  },
  /** Starts an ingest that never ends. */
  hang: async () => {
    await store.ingest(never(content('hang', 300_000)), { layout })
  },
  lease: async () => {
    await store.lease(parseCid(String(values[0])))
    say('leased')
    await once(process, 'never')
  },
  /** Holds a partial blob open until it is told to go. */
  partial: async () => {
    const half = content(String(values[0]), Number(values[1]))
    const partial = await store.partial(await hashContent(bodyOf(half), { layout }))
    await partial.write(0, half.subarray(0, 4096))
    say('open')
    await once(process.stdin, 'data')
    await partial.close()
    say('closed')
  },
  /** Puts so many blobs at once, each in three ways; says how many ended how. */
  crowd: async () => {
    const numbers = Array.from({ length: Number(values[0]) }, (_, number) => number)
    const folder = String(values[1])
    const outcomes = await Promise.all(
      numbers.map(async (number) => {
        const bytes = content(`crowd-${number}`, 70_000)
        const file = join(folder, String(number))
        writeFileSync(file, bytes)
        const built = await hashContent(bodyOf(bytes), { layout })
        const puts = [
          store.ingest(bodyOf(bytes)),
          store.ingestFile!(file, { layout }),
          store.put({ ...built, open: () => bodyOf(bytes) }),
        ]
        return (await Promise.allSettled(puts)).map((put) =>
          put.status === 'fulfilled' ? 'stored' : String(put.reason),
        )
      }),
    )
    say([...new Set(outcomes.flat())])
  },
  /** Gives a blob one name, and when told to go another one; says how that ended. */
  names: async () => {
    const { cid } = await store.ingest(bodyOf(content('named', 1000)), { name: { name: 'first' }, pin: true })
    say(cidKey(cid))
    await once(process.stdin, 'data')
    say(
      await store.catalog.names.set({ name: 'second' }, cid).then(
        () => 'named',
        (error: { code: string }) => error.code,
      ),
    )
    await once(process, 'never')
  },
  view: async () => {
    await store.usage()
    say('ready')
    await once(process.stdin, 'data')
    say(await store.directoryPath?.(parseCid(String(values[0]))))
  },
}

// Keeps a process alive that waits to be killed.
const alive = setInterval(() => {}, 60_000)
await commands[command]?.()
await store.close()
clearInterval(alive)
process.exit(0)
