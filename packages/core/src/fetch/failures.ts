import type { CID } from 'multiformats/cid'
import { allFailed, asStorageError } from '../errors/as-storage-error.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Logger } from '../storage/types.ts'
import type { Source } from './sources.ts'

/** What went wrong in a fetch, source by source. */
export interface Failures {
  add(source: Source, error: unknown): void
  /** It gave wrong bytes for a leaf. */
  lied(source: Source, leaf: number, error: unknown): void
  readonly all: readonly StorageError[]
}

/** So many are kept of each source, the last ones. */
const KEPT = 3

export function createFailures(cid: CID, logger: Logger): Failures {
  const known = new Map<Source, StorageError[]>()

  function add(source: Source, error: unknown): void {
    const failure = asStorageError(error, { backend: source.backend.name, operation: 'read', cid })
    known.set(source, [...(known.get(source) ?? []).slice(1 - KEPT), failure])
    // What else fails, the source itself announces.
    if (failure.code === 'integrity')
      logger.warn(failure.message, { tier: source.tier, source: source.backend.name, error: failure })
  }

  return {
    add,
    lied: (source, leaf, cause) => {
      const { name } = source.backend
      add(
        source,
        new StorageError('integrity', `${name} gave wrong bytes for leaf ${leaf} of ${cid}.`, {
          backend: name,
          operation: 'read',
          source: name,
          cid,
          cause,
        }),
      )
    },
    get all() {
      return [...known.values()].flat()
    },
  }
}

/** No source is left, and something is missing. */
export function gaveUp(cid: CID, failures: Failures): StorageError {
  return allFailed(`${cid} is not stored here, and no far tier gave it.`, failures.all, { cid, operation: 'read' })
}
