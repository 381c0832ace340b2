import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { startKubo } from '../../src/index.ts'

// Uses the network as it is told to, and ends.

const uses: Record<string, () => Promise<void>> = {
  nothing: async () => undefined,
  everything: async () => {
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.2')
    await once(server, 'listening')
    await once(connect((server.address() as AddressInfo).port, '127.0.0.2').resume(), 'close')
    server.close()
    const socket = createSocket('udp6')
    await new Promise((resolve) => socket.send('hello', 9, '::1', resolve))
    socket.close()
  },
  // Long enough to look for others: it waits for a block that nobody has.
  kubo: async () => {
    const kubo = await startKubo({
      swarm: true,
      config: { 'Gateway.NoFetch': false, 'Gateway.RetrievalTimeout': '3s' },
    })
    const form = new FormData()
    form.append('file', new Blob(['something to announce']))
    await fetch(`${kubo.api}/api/v0/add?cid-version=1`, { method: 'POST', body: form })
    const { status } = await fetch(`${kubo.gateway}/ipfs/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyka`)
    if (status !== 504) throw new Error(`The gateway answered ${status}.`)
    await kubo.stop()
  },
}
await uses[String(process.argv[2])]?.()
