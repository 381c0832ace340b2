import { spawnSync } from 'node:child_process'
import { blobOf, bytesOf, LEAF } from '@stowage/backend-testkit'
import { memory } from '@stowage/core'
import { helia } from '@stowage/backend-helia'

// One of two machines on a local network that know nothing of each other: `put ADDRESS` has a blob, `get ADDRESS` looks for it until it has it.
const [role, address] = process.argv.slice(2)
// Multicast goes where a route says; a home's default route says so, too.
spawnSync('ip', ['route', 'add', '224.0.0.0/4', 'dev', 'cable'])

const blob = await blobOf(5 * LEAF + 7)
const near = memory()
if (role === 'put') await near.put(blob)
const node = helia({ near, mdns: true, listen: [`/ip4/${address}/tcp/0`] })
await node.node()
console.log(JSON.stringify('listening'))
if (role === 'get') {
  for (let found = 0; found === 0;) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const stat = await node.stat(blob.cid).catch(() => undefined)
    found = stat?.size ?? 0
  }
  const bytes = await bytesOf((await node.read(blob.cid)).body)
  console.log(JSON.stringify(Buffer.compare(bytes, blob.bytes) === 0))
  await node.close()
}
