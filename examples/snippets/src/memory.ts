// #region memory
import { memory, StorageWrapper } from 'stowage'

export const storage: StorageWrapper = new StorageWrapper({ near: memory() })
// #endregion
