import type { CID } from 'multiformats/cid'
import { cidKey } from '../../cid/key.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { NearStore } from '../../spi/near-store.ts'
import { directoryLinks } from '../../unixfs/directory/directory-links.ts'
import { assertSafeFileName } from '../../unixfs/directory/names.ts'

/** Files and folders that one directory becomes at most. */
const MAX_ENTRIES = 1_000_000

/**
 * Looks at everything below a directory before anything is written: `invalid-argument` for a name that could leave its
 * folder, `too-large` for more than a million files and folders, which a few nested directories that hold each other
 * twice come to. Each directory is looked at once, however often it occurs.
 */
export async function assertSavable(near: NearStore, root: CID, signal: AbortSignal): Promise<void> {
  const counted = new Map<string, number>()

  const below = async (cid: CID): Promise<number> => {
    signal.throwIfAborted()
    const key = cidKey(cid)
    const known = counted.get(key)
    if (known !== undefined) return known
    const directory = await near.directory(cid, { signal })
    let entries = 0
    for (const { name, cid: child } of directory === undefined ? [] : directoryLinks(directory)) {
      assertSafeFileName(name)
      entries += 1 + (await below(child))
    }
    if (entries > MAX_ENTRIES)
      throw new StorageError(
        'too-large',
        `The directory ${root} would become more than ${MAX_ENTRIES} files and folders.`,
        { cid: root },
      )
    counted.set(key, entries)
    return entries
  }

  await below(root)
}
