import type { CID } from 'multiformats/cid'
import { raceAbort } from '../errors/abort.ts'
import { allFailed } from '../errors/as-storage-error.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { BlobStat } from '../spi/backend.ts'
import { askTiers } from './ask.ts'
import type { Source, Sources } from './sources.ts'

/** Asks far tiers something to which the first answer is good; `undefined` when all of them say that they do not know. An outage among those throws. */
export async function firstAnswer<T>(
  sources: Sources,
  about: { readonly cid: CID; readonly operation: string; readonly failure: string },
  ask: (source: Source, signal: AbortSignal) => Promise<T | undefined>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const enough = new AbortController()
  const asking = AbortSignal.any([signal, enough.signal])
  const failures: unknown[] = []
  const found: T[] = []
  await askTiers({
    sources,
    signal: asking,
    ask: async (source) => {
      try {
        const answer = await raceAbort(ask(source, asking), asking)
        if (answer === undefined || asking.aborted) return
        found.push(answer)
        enough.abort()
      } catch (error) {
        if (!asking.aborted) failures.push(blaming(source, error))
      }
    },
  })
  signal.throwIfAborted()
  if (found.length === 0 && failures.length > 0)
    throw allFailed(about.failure, failures, { cid: about.cid, operation: about.operation })
  return found[0]
}

/** An error of core's own does not know whose answer it was about. */
function blaming({ backend: { name } }: Source, error: unknown): unknown {
  if (!StorageError.is(error) || error.backend !== undefined) return error
  const { code, message, transient, cid } = error
  return new StorageError(code, message, { transient, cid, backend: name, source: name, cause: error })
}

export interface FarStat extends BlobStat {
  /** The tier that has it. */
  readonly tier: string
}

/** Whether any far tier has it: the first that says so. */
export async function findFar(sources: Sources, cid: CID, signal: AbortSignal): Promise<FarStat | undefined> {
  return firstAnswer(
    sources,
    { cid, operation: 'stat', failure: `Whether ${cid} is stored could not be found out.` },
    async ({ asked, tier }, signal) => {
      const stat = await asked.stat(cid, { signal })
      return stat && { ...stat, tier }
    },
    signal,
  )
}
