export { helia, type HeliaBackend, type Peer } from './backend.ts'
export { SERVICE_TAG, type HeliaOptions } from './options.ts'
