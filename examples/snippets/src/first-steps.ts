// #region first
import { createStorage } from 'stowage'

const storage = await createStorage()

const { cid } = await storage.put('hello world', { name: 'greeting' })
console.log(String(cid)) // bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e

console.log(await storage.get('greeting').text())
console.log(await storage.get(cid).path()) // a read-only file with these bytes
await storage.close()
// #endregion
