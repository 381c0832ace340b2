import {
  allFailed,
  StorageError,
  throwIfAborted,
  type Backend,
  type CallOptions,
  type CID,
  type Provider,
} from '@stowage/core/spi'
import type { GatewayAddress } from './address.ts'
import type { Site } from './site.ts'

const TYPE = { accept: 'application/json' }
const MOST = 1024 * 1024

/** Who has a blob, as the gateway's delegated routing says (IPIP-0337). 404, or an empty answer: nobody that it knows of. */
export async function* findProviders(
  site: Site,
  address: GatewayAddress,
  cid: CID,
  signal: AbortSignal,
): AsyncGenerator<Provider> {
  const answer = await site.ask({ url: address.providers(cid), headers: TYPE, signal })
  if (answer === undefined) return
  const text = new TextDecoder().decode(await answer.bytes(MOST))
  for (const { ID, Addrs } of recordsOf(text, answer.url)) {
    if (typeof ID !== 'string' || ID === '') continue
    const addresses = (Array.isArray(Addrs) ? Addrs : []).filter(
      (each): each is string => typeof each === 'string' && each !== '',
    )
    yield { id: ID, addresses, backend: address.name }
  }
}

/** What all gateways know, each provider once. Only when none of them could say anything: their failures. */
export async function* allProviders(
  sources: readonly Backend[],
  cid: CID,
  { signal, name }: CallOptions & { readonly name: string },
): AsyncGenerator<Provider> {
  const seen = new Set<string>()
  const failures: unknown[] = []
  for (const source of sources) {
    try {
      for await (const provider of source.providers?.(cid, { signal }) ?? []) {
        if (seen.has(provider.id)) continue
        seen.add(provider.id)
        yield { ...provider, backend: name }
      }
    } catch (error) {
      throwIfAborted(signal)
      if (StorageError.is(error, 'closed')) throw error
      failures.push(error)
    }
  }
  if (seen.size === 0 && failures.length > 0)
    throw allFailed(`Who has ${cid} could not be found out.`, failures, { backend: name, operation: 'providers', cid })
}

function recordsOf(text: string, url: URL): readonly Readonly<Record<string, unknown>>[] {
  if (text.trim() === '') return []
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new StorageError('unavailable', `${url.host} answered a question for providers with no JSON.`, { cause })
  }
  const providers: unknown = isRecord(parsed) ? parsed['Providers'] : undefined
  return Array.isArray(providers) ? providers.filter(isRecord) : []
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
