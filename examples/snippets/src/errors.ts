import type { StorageWrapper } from 'stowage'
// #region errors
import { StorageError } from 'stowage'

export async function readOrDefault(storage: StorageWrapper, name: string): Promise<string> {
  try {
    return await storage.get(name).text()
  } catch (error) {
    if (StorageError.is(error, 'not-found')) return 'nothing yet'
    if (StorageError.is(error) && error.transient) console.warn(`later, perhaps: ${error.code}`)
    throw error
  }
}
// #endregion
