import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { loadModel } from '@stowage-examples/tiny-model'
import type { StorageWrapper } from 'stowage'

export interface ServiceOptions {
  readonly storage: StorageWrapper
  /** CID or name of a model folder. */
  readonly model: string
  /** Default: any free one. */
  readonly port?: number | undefined
  readonly log?: ((line: string) => void) | undefined
}

export interface Service {
  readonly url: string
  /** The model that is loaded, whatever its name points at by now. */
  readonly cid: string
  close(): Promise<void>
}

/** Loads the model's weights, verified, and answers `GET /health` and `POST /infer` with them. */
export async function startService({ storage, model, port = 0, log = console.log }: ServiceOptions): Promise<Service> {
  // #region load
  const cid = String(await storage.resolve(model))
  const engine = await loadModel(await storage.get(cid).path())
  // #endregion
  log(`serving ${model} = ${cid} with ${engine.runtime}`)

  const server = createServer((request, response) => {
    answer(request)
      .catch((error: unknown) => ({ status: error instanceof BadRequest ? 400 : 500, body: { error: String(error) } }))
      .then(({ status, body }) => send(response, status, { ...body, model: cid }))
      .catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  })

  async function answer(request: IncomingMessage): Promise<{ status: number; body: object }> {
    if (request.method === 'GET' && request.url === '/health') {
      return { status: 200, body: { status: 'ok', name: model, runtime: engine.runtime } }
    }
    if (request.method === 'POST' && request.url === '/infer') {
      const input = parseInput(await text(request))
      return { status: 200, body: { output: Array.from(await engine.run(input)) } }
    }
    return { status: 404, body: { error: 'There is GET /health and POST /infer.' } }
  }

  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cid,
    async close() {
      await new Promise<void>((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())))
      await engine.close()
    },
  }
}

class BadRequest extends Error {}

const INPUTS = 512
const MAX_BODY = 64 * 1024

function parseInput(body: string): Float32Array {
  const { input } = parseJson(body) as { input?: unknown }
  if (!Array.isArray(input) || input.length !== INPUTS || !input.every((value) => Number.isFinite(value))) {
    throw new BadRequest(`input is to be an array of ${INPUTS} numbers`)
  }
  return Float32Array.from(input as number[])
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body) ?? {}
  } catch {
    throw new BadRequest('the body is to be JSON')
  }
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MAX_BODY) throw new BadRequest(`the body is to have at most ${MAX_BODY} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
