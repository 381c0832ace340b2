import { gateway } from '@stowage/backend-gateway'
import { openStorage } from '../stowage.ts'
import { readAbout } from './blob-about.ts'

// Fetches a blob into a store, which may hold a part of it already, and ends.

const [, , folder = '', about = '', url = ''] = process.argv
const { cid } = await readAbout(about)
await using storage = await openStorage(folder, { distributed: true, tiers: [gateway({ gateways: [url] })] })
await storage.get(cid).path()
