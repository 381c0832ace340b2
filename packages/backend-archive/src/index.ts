export type { ArchiveAdapter, ArchiveRecord, ArchiveState } from './adapter.ts'
export { archive, type ArchiveBackend, type ArchiveOptions } from './archive.ts'
export { filecoin, type FilecoinOptions } from './filecoin.ts'
