import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A trustless gateway on this machine that gives raw blocks. What it does may be changed while it runs. */
export interface GatewayServer {
  readonly url: string
  /** What was asked for. */
  readonly asked: string[]
  /** Instead of the block: this status, or nothing at all. */
  status: number | 'silence' | undefined
  /** Leaves the network: connections break, new ones are refused. */
  leave(): Promise<void>
  comeBack(): Promise<void>
}

/** An identity CID of no bytes, which every gateway has. */
const EMPTY = '/ipfs/bafkqaaa'

export async function gatewayServer(blocks: Readonly<Record<string, Uint8Array>>): Promise<GatewayServer> {
  const asked: string[] = []
  const gateway: Pick<GatewayServer, 'status'> = { status: undefined }
  const server: Server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? ''
    asked.push(path)
    const block = path === EMPTY ? new Uint8Array() : blocks[path.replace('/ipfs/', '')]
    if (gateway.status === 'silence') return
    if (gateway.status !== undefined) response.writeHead(gateway.status).end()
    else if (block === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': 'application/vnd.ipld.raw' }).end(block)
  })
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  const leave = async (): Promise<void> => {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  await listen(0)
  const { port } = server.address() as AddressInfo
  return Object.assign(gateway, {
    url: `http://127.0.0.1:${port}`,
    asked,
    leave,
    comeBack: () => listen(port),
  })
}
