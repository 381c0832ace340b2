import { stat } from 'node:fs/promises'
import { throwIfAborted, type CallOptions, type Health } from '@stowage/core/spi'
import type { Life } from './life.ts'
import type { Session } from './session.ts'

/** Asks the folder and the catalog now. */
export async function health(
  life: Life,
  session: () => Promise<Session>,
  options: CallOptions | undefined,
): Promise<Health> {
  const start = performance.now()
  try {
    return await life.run({ operation: 'health' }, options, async () => {
      const { database, dir } = await session()
      await stat(dir)
      database.assertSame()
      database.get('SELECT id FROM blobs LIMIT 1')
      return { reachable: true, latency: performance.now() - start }
    })
  } catch (error) {
    throwIfAborted(options?.signal)
    return { reachable: false, latency: performance.now() - start, error }
  }
}
