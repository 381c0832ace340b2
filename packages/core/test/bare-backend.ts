import { StorageError } from '../src/errors/storage-error.ts'
import type { Backend, BackendTraits } from '../src/spi/backend.ts'

/** A backend with the methods that a test gives it; the others fail. */
export function bareBackend(
  name: string,
  methods: Partial<Backend>,
  ranges: BackendTraits['ranges'] = 'native',
): Backend {
  const none = async (): Promise<never> => Promise.reject(new StorageError('unexpected', 'not part of this test'))
  return {
    name,
    traits: { ranges, verifies: 'nothing' },
    stat: none,
    read: none,
    health: none,
    close: none,
    ...methods,
  }
}
