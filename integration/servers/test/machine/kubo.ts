import { createInterface } from 'node:readline'
import { startKubo } from '../../src/index.ts'

// A Kubo on a machine of its own. Says where it is and the CID of a text, and says the text behind the CID of each other one
// that it is told of.

const [host, text] = process.argv.slice(2) as [string, string]
const kubo = await startKubo({ host, swarm: true, config: { 'Gateway.NoFetch': false } })
const form = new FormData()
form.append('file', new Blob([text]))
const added = await fetch(`${kubo.api}/api/v0/add?cid-version=1`, { method: 'POST', body: form })
const { Hash: cid } = (await added.json()) as { Hash: string }
console.log(JSON.stringify({ addresses: kubo.addresses, cid }))

for await (const line of createInterface({ input: process.stdin })) {
  const other = JSON.parse(line) as { addresses: string[]; cid: string }
  await fetch(`${kubo.api}/api/v0/swarm/connect?arg=${other.addresses[0]}`, { method: 'POST' })
  console.log(JSON.stringify(await (await fetch(`${kubo.gateway}/ipfs/${other.cid}`)).text()))
}
