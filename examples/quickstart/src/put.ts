import { createStorage } from 'stowage'

// Puts a folder into a storage and says, as JSON, what it got and why the storage is local.
const [, , dir, folder] = process.argv
if (dir === undefined || folder === undefined) throw new TypeError('usage: put.ts STORAGE FOLDER')

const storage = await createStorage({ dir, config: false })
const { cid } = await storage.putDirectory(folder)
console.log(JSON.stringify({ cid: String(cid), reason: storage.gate.reason }))
await storage.close()
