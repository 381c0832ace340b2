import { formatCid, StorageError, type CID } from '@stowage/core/spi'
import { strangeAnswer } from './errors.ts'
import { formsOf, isForm } from './forms.ts'
import type { Json, Service } from './service.ts'

export type PinState = 'queued' | 'pinning' | 'pinned' | 'failed'

/** A pin object with its state (IPFS Pinning Service API 1.0, `PinStatus`). */
export interface Pin {
  readonly id: string
  readonly state: PinState
  readonly created: string
  /** As the service writes it. */
  readonly cid: string
  /** Its `meta`. */
  readonly note: unknown
  readonly details: string
}

export interface PinWish {
  readonly cid: CID
  readonly name: string
  readonly origins: readonly string[]
  readonly meta: Readonly<Record<string, string>>
}

const STATES: readonly unknown[] = ['queued', 'pinning', 'pinned', 'failed'] satisfies readonly PinState[]
const ALL = 'queued,pinning,pinned,failed'
/** The most that a page may have, and the most origins that a pin may name. */
const PAGE = 1000
const ORIGINS = 20

/** Pins of this, in whichever state. Services do not all keep to the filter that they are asked for. */
export async function findPins(service: Service, cid: CID, signal: AbortSignal): Promise<readonly Pin[]> {
  const query = { cid: formsOf(cid).map(formatCid).join(','), status: ALL, limit: String(PAGE) }
  const { results } = await service.call({ method: 'GET', path: '/pins', query, signal })
  return pinsIn(service, results).filter((pin) => isForm(pin.cid, cid))
}

/** All that is pinned, newest first. */
export async function* allPins(service: Service, signal: AbortSignal): AsyncGenerator<Pin> {
  const seen = new Set<string>()
  for (let before: string | undefined; ;) {
    const query = { status: 'pinned', limit: String(PAGE), ...(before !== undefined && { before }) }
    const { results } = await service.call({ method: 'GET', path: '/pins', query, signal })
    const fresh = pinsIn(service, results).filter(({ id }) => !seen.has(id))
    for (const pin of fresh) {
      seen.add(pin.id)
      if (pin.state === 'pinned') yield pin
    }
    // A page that brings nothing new is the last one, whatever the service says.
    before = fresh.at(-1)?.created
    if (before === undefined || (Array.isArray(results) && results.length < PAGE)) return
  }
}

export async function addPin(
  service: Service,
  { cid, name, origins, meta }: PinWish,
  signal: AbortSignal,
): Promise<Pin> {
  const json = { cid: formatCid(cid), name, origins: origins.slice(0, ORIGINS), meta }
  const pin = pinIn(service, await service.call({ method: 'POST', path: '/pins', json, signal }))
  if (isForm(pin.cid, cid)) return pin
  throw strangeAnswer(service.shown, `took ${pin.cid} instead of ${cid}.`)
}

/** `undefined`: somebody removed it. */
export async function getPin(service: Service, id: string, signal: AbortSignal): Promise<Pin | undefined> {
  return unlessGone(async () =>
    pinIn(service, await service.call({ method: 'GET', path: `/pins/${encodeURIComponent(id)}`, signal })),
  )
}

/** True when it was there. */
export async function removePin(service: Service, id: string, signal: AbortSignal): Promise<boolean> {
  const gone = await unlessGone(() =>
    service.call({ method: 'DELETE', path: `/pins/${encodeURIComponent(id)}`, signal }),
  )
  return gone !== undefined
}

async function unlessGone<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (StorageError.is(error, 'not-found')) return undefined
    throw error
  }
}

function pinsIn(service: Service, results: unknown): Pin[] {
  if (!Array.isArray(results)) throw strangeAnswer(service.shown, 'answered without a list of pins.')
  return results.map((result) => pinIn(service, result as Json))
}

function pinIn({ shown }: Service, { requestid, status, created, pin, info }: Json): Pin {
  const { cid, meta } = (pin ?? {}) as Json
  if (typeof requestid !== 'string' || typeof cid !== 'string' || !STATES.includes(status))
    throw strangeAnswer(shown, 'answered with what is no pin.')
  const details = (info as Readonly<Record<string, unknown>> | undefined)?.['status_details']
  return {
    id: requestid,
    state: status as PinState,
    created: typeof created === 'string' ? created : '',
    cid,
    note: meta,
    details: typeof details === 'string' ? details : '',
  }
}
