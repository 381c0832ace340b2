import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bodyOf } from '@stowage/backend-testkit'
import { cidKey, readCar, verifyBlock, type Block } from '@stowage/core/spi'

export interface Pinata {
  readonly url: string
  readonly token: string
  /** Blocks of what is stored. */
  readonly blocks: ReadonlyMap<string, Block>
  readonly files: readonly StoredFile[]
  /** What to say instead of the root that was uploaded. */
  answerWith: string | undefined
  close(): Promise<void>
}

interface StoredFile {
  readonly id: string
  readonly cid: string
  readonly size: number
  readonly keyvalues: unknown
  readonly created_at: string
}

const PAGE = 3

/**
 * Pinata's Files API as its reference documents it (docs.pinata.cloud, "Upload a File", "List Files", "Delete File by ID"):
 * requests that it does not describe are refused.
 */
export async function startPinata(): Promise<Pinata> {
  const token = 'jwt-of-the-owner'
  const files: StoredFile[] = []
  const blocks = new Map<string, Block>()
  let count = 0
  const state: { answerWith: string | undefined } = { answerWith: undefined }

  async function upload(request: IncomingMessage): Promise<[number, unknown]> {
    const form = await partsOf(request)
    const file = form.get('file')
    if (file === undefined) return [400, { error: { code: 'BAD_REQUEST', message: 'no file' } }]
    if (String(form.get('network')) !== 'public' || String(form.get('car')) !== 'true')
      return [400, { error: { code: 'BAD_REQUEST', message: 'CAR files only on the public network' } }]
    const car = await readCar(bodyOf(file))
    for await (const block of car.blocks) {
      verifyBlock(block)
      blocks.set(cidKey(block.cid), { cid: block.cid, bytes: block.bytes.slice() })
    }
    const cid = state.answerWith ?? String(car.roots[0])
    const known = files.find((each) => each.cid === cid)
    if (known !== undefined) return [200, { data: { ...known, is_duplicate: true } }]
    const keyvalues: unknown = JSON.parse(String(form.get('keyvalues') ?? '{}'))
    const stored = { id: `id-${count++}`, cid, size: file.length, keyvalues, created_at: new Date().toISOString() }
    files.push(stored)
    return [200, { data: stored }]
  }

  function list({ searchParams }: URL): [number, unknown] {
    const wanted = searchParams.get('cid')
    const found = files.filter(({ cid }) => wanted === null || cid === wanted)
    const from = Number(searchParams.get('pageToken') ?? 0)
    const next = from + PAGE < found.length ? { next_page_token: String(from + PAGE) } : {}
    return [200, { data: { files: found.slice(from, from + PAGE), ...next } }]
  }

  async function answer(request: IncomingMessage): Promise<[number, unknown]> {
    if (request.headers.authorization !== `Bearer ${token}`) return [401, { error: { message: 'Not authorized' } }]
    const url = new URL(request.url ?? '/', 'http://pinata')
    const asked = `${request.method} ${url.pathname}`
    if (asked === 'POST /v3/files') return upload(request)
    if (asked === 'GET /v3/files/public') return list(url)
    if (asked === 'GET /data/testAuthentication') return [200, { message: 'Congratulations!' }]
    const id = /^DELETE \/v3\/files\/public\/(.+)$/.exec(asked)?.[1]
    const at = files.findIndex((file) => file.id === id)
    if (at < 0) return [404, { error: { message: 'Not found' } }]
    files.splice(at, 1)
    return [200, { data: null }]
  }

  const server = createServer((request, response) => {
    answer(request).then(
      ([status, body]) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      () => response.destroy(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    files,
    blocks,
    get answerWith() {
      return state.answerWith
    },
    set answerWith(cid) {
      state.answerWith = cid
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** Parts of `multipart/form-data` by their names. A body that is cut off, or is none: throws. */
async function partsOf(request: IncomingMessage): Promise<ReadonlyMap<string, Buffer>> {
  const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(String(request.headers['content-type']))?.[1]
  const pieces: Uint8Array[] = []
  for await (const piece of request as AsyncIterable<Uint8Array>) pieces.push(piece)
  const body = Buffer.concat([Buffer.from('\r\n'), ...pieces])
  const border = Buffer.from(`\r\n--${boundary}`)
  const parts = new Map<string, Buffer>()
  let at = body.indexOf(border)
  for (;;) {
    const from = at + border.length
    if (body.length - from === 4) return parts
    at = body.indexOf(border, from)
    const blank = body.indexOf('\r\n\r\n', from)
    const name = / name="([^"]+)"/.exec(body.subarray(from, blank).toString())?.[1]
    if (at < 0 || blank < 0 || name === undefined) throw new Error('The form is cut off.')
    parts.set(name, body.subarray(blank + 4, at))
  }
}
