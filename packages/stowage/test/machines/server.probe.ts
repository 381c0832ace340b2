// A server on a machine of its own: `versitygw` with a bucket, or `kubo`. Says the part of a configuration by which others reach it.
// A Kubo connects to the node whose address it is told, and says when it did.
import { createInterface } from 'node:readline'
import { createBucket, startKubo, startVersitygw } from '@stowage/test-servers'

const [kind, host] = process.argv.slice(2) as [string, string]
const say = (value: unknown): void => console.log(JSON.stringify(value))

if (kind === 'versitygw') {
  const server = await startVersitygw({ host })
  const { endpoint, region, credentials } = server
  say({ s3: { bucket: await createBucket(server), endpoint, region, credentials } })
  for await (const _ of createInterface({ input: process.stdin })) continue
} else {
  const kubo = await startKubo({ host, swarm: true, config: { 'Gateway.NoFetch': false } })
  say({ ipfs: { apiEndpoint: kubo.api }, gateways: [kubo.gateway], address: kubo.addresses[0] })
  for await (const line of createInterface({ input: process.stdin })) {
    await fetch(`${kubo.api}/api/v0/swarm/connect?arg=${JSON.parse(line) as string}`, { method: 'POST' })
    say('connected')
  }
}
