import { mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { shardOf } from './address.ts'
import type { Step } from './catalog/writer.ts'
import { statIfThere } from './files.ts'

/** The folders that blobs lie in, made when they are needed. */
export interface Shards {
  /** Makes the folder of a key; before the change counts, its entry and what lies in it are durable. */
  prepare(key: string, step: Step): void
}

/**
 * That a folder is there does not say that it will be after a power cut: whoever made it may have died before it synced
 * the entry. So a store syncs `blobs` with its first change, and again for each folder that came later.
 */
export function createShards(dir: string): Shards {
  let durable: Set<string> | undefined

  return {
    prepare: (key, step) => {
      const shard = join(dir, shardOf(key))
      const blobs = dirname(shard)
      if (statIfThere(shard) === undefined) {
        mkdirSync(shard, { recursive: true })
        durable?.delete(shard)
      }
      if (durable?.has(shard) !== true) {
        // Read before the sync, which then covers them all.
        durable = durable?.add(shard) ?? new Set(readdirSync(blobs).map((name) => join(blobs, name)))
        step.sync(blobs)
        step.undo(() => (durable = undefined))
      }
      step.sync(shard)
    },
  }
}
