import { collectUpTo, type Body } from '@stowage/core/spi'
import { answerError, strangeAnswer } from './errors.ts'
import type { Answer, Line } from './request.ts'

/** A command of Kubo's RPC (https://docs.ipfs.tech/reference/kubo/rpc/). All are POST requests; arguments stand in the query. */
export interface Command {
  /** `pin/ls` */
  readonly name: string
  readonly options?: Readonly<Record<string, string | number | boolean | undefined>> | undefined
  readonly body?: { readonly type: string; readonly bytes: Body } | undefined
  readonly patience: number
  readonly signal: AbortSignal
}

export type Reply = Readonly<Record<string, unknown>>

export interface Rpc {
  readonly shown: string
  /** The one object that a command answers with. */
  one(command: Command): Promise<Reply>
  /** All objects that a command answers with, as they come. */
  each(command: Command): AsyncGenerator<Reply>
  /** The bytes that a command answers with; of more than `most`, no more than shows that. */
  bytes(command: Command, most: number): Promise<Uint8Array>
  /** True once a command about pins was answered by the proxy of an IPFS Cluster, which says so. */
  readonly isCluster: boolean
  close(): void
}

const MAX_TEXT = 16 * 1024
const MAX_REPLY = 4 * 1024 * 1024

export function rpc(line: Line): Rpc {
  let cluster = false

  async function ask({ name, options = {}, body, patience, signal }: Command): Promise<Answer> {
    const query = new URLSearchParams()
    for (const [key, value] of Object.entries(options)) if (value !== undefined) query.set(key, String(value))
    const answer = await line.send({
      method: 'POST',
      path: `/${name}?${query}`,
      headers: body === undefined ? { 'content-length': '0' } : { 'content-type': body.type },
      body: body?.bytes,
      patience,
      signal,
    })
    if (name.startsWith('pin/')) cluster = String(answer.headers['server']).startsWith('ipfs-cluster/')
    if (answer.status !== 200) throw answerError(line.shown, answer.status, await said(answer))
    return answer
  }

  async function* each(command: Command): AsyncGenerator<Reply> {
    for await (const text of lines((await ask(command)).body, line.shown)) yield parsed(text, line.shown)
  }

  return {
    shown: line.shown,
    each,
    async one(command) {
      for await (const reply of each(command)) return reply
      throw strangeAnswer(line.shown, `answered nothing to ${command.name}.`)
    },
    bytes: async (command, most) => collectUpTo(most, (await ask(command)).body),
    get isCluster() {
      return cluster
    },
    close: line.close,
  }
}

/** What an answer that is a failure says: Kubo's `Message`, or the text itself. */
async function said(answer: Answer): Promise<string> {
  const text = Buffer.from(await collectUpTo(MAX_TEXT, answer.body)).toString()
  try {
    const { Message } = JSON.parse(text) as { readonly Message?: unknown }
    if (typeof Message === 'string') return Message
  } catch {
    // No JSON: a proxy's own page, or plain text.
  }
  return text.trim().slice(0, 300)
}

async function* lines(body: Body, shown: string): AsyncGenerator<string> {
  let rest = Buffer.alloc(0)
  for await (const piece of body) {
    rest = Buffer.concat([rest, piece])
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      const text = rest.subarray(0, end).toString().trim()
      rest = rest.subarray(end + 1)
      if (text !== '') yield text
    }
    if (rest.length > MAX_REPLY) throw strangeAnswer(shown, `sent a line of more than ${MAX_REPLY} bytes.`)
  }
  const text = rest.toString().trim()
  if (text !== '') yield text
}

function parsed(text: string, shown: string): Reply {
  let reply: unknown
  try {
    reply = JSON.parse(text)
  } catch (cause) {
    throw strangeAnswer(shown, 'answered with what is no JSON.', cause)
  }
  if (typeof reply !== 'object' || reply === null) throw strangeAnswer(shown, 'answered with what is no JSON object.')
  return reply as Reply
}
