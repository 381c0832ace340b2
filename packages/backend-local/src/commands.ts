import { putDirectory as unboundedPutDirectory } from './directory.ts'
import { bounded } from './file-slots.ts'
import { ingestFile as unboundedIngestFile } from './ingest-file.ts'
import { ingest as unboundedIngest } from './ingest.ts'
import { put as unboundedPut } from './put.ts'

/** What an open store does. Loaded with the first call: whoever only opens a storage does not wait for it. */
export { closeSession } from './close.ts'
export { getDirectory } from './directory.ts'
export { findBlock } from './find-block.ts'
export { evict } from './evict.ts'
export { gc } from './gc.ts'
export { ingestBytes } from './ingest-bytes.ts'
export { lease } from './lease.ts'
export { open } from './open.ts'
export { readNow } from './packed.ts'
export { partial } from './partial.ts'
export { path } from './path.ts'
export { read } from './read.ts'
export { remove } from './remove.ts'
export { scratch } from './scratch.ts'
export { list, outboard, stat } from './stat.ts'
export { room, usage } from './usage.ts'
export { verify } from './verify.ts'
export { directoryPath } from './view.ts'

// Any number of puts may come at once, and each has files open.
export const put: typeof unboundedPut = bounded(unboundedPut)
export const ingest: typeof unboundedIngest = bounded(unboundedIngest)
export const ingestFile: typeof unboundedIngestFile = bounded(unboundedIngestFile)
export const putDirectory: typeof unboundedPutDirectory = bounded(unboundedPutDirectory)
