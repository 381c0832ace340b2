import type { CID } from 'multiformats/cid'
import { StorageError } from '../errors/storage-error.ts'
import type { Context } from './context.ts'

/** Does something with stored content; what turns out to be rotten is fetched again, once, and it is done again. */
export async function healing<T>(context: Context, cid: CID, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await heal(context, cid, error, signal)
    return work()
  }
}

/**
 * Replaces content by what a far tier has, after a failure that said `integrity`; throws any other one, and every one where
 * there is no far tier. None can give it: `integrity` with both causes.
 */
export async function heal({ far, logger }: Context, cid: CID, error: unknown, signal: AbortSignal): Promise<void> {
  if (far === undefined || !StorageError.is(error, 'integrity')) throw error
  logger.warn('Stored content is damaged, and fetched again.', { cid: cid.toString() })
  try {
    await (await far()).bring(cid, { signal, force: true })
  } catch (failure) {
    signal.throwIfAborted()
    const { message, backend, operation, source } = error
    const cause = new AggregateError([error, failure], message)
    throw new StorageError('integrity', message, { cid, backend, operation, source, cause })
  }
}
