import type { CID } from 'multiformats/cid'
import { StorageError } from '../../errors/storage-error.ts'
import type { Context } from '../context.ts'
import { takesBlobs } from '../outbox/outbox.ts'
import type { PutOptions, TierResult } from '../types.ts'

/** Which tiers get a copy, and for how many of them the call waits. */
export interface CopyPlan {
  readonly queued: readonly string[]
  /** Named, and behind a closed gate. */
  readonly refused: readonly string[]
  /** 0: for none. */
  readonly waitFor: number
}

type Wishes = Pick<PutOptions, 'replicate' | 'to' | 'quorum'>

/**
 * The tiers that a put goes to; `invalid-argument` for one that does not exist, `unsupported` for one that takes no
 * blobs. With a closed gate no tier is looked at: those that are named fail, each for itself, and the put goes on.
 */
export function copyPlan(context: Context, { replicate, to, quorum }: Wishes): CopyPlan {
  const named = to && [...new Set(to)]
  if (!context.gate.open) return { queued: [], refused: replicate === 'none' ? [] : (named ?? []), waitFor: 0 }
  named?.forEach((name) => assertTakesBlobs(context, name))
  const queued = replicate === 'none' ? [] : (named ?? byDefault(context))
  if (quorum !== undefined) assertQuorum(quorum, replicate, queued)
  const waits = replicate === 'wait' || quorum !== undefined
  return { queued, refused: [], waitFor: waits ? (quorum ?? queued.length) : 0 }
}

function assertTakesBlobs({ tiers, unavailable }: Context, name: string): void {
  const tier = tiers.find((candidate) => candidate.name === name)
  if (tier === undefined && !unavailable.some((one) => one.name === name))
    throw new StorageError('invalid-argument', `There is no tier ${JSON.stringify(name)}.`)
  if (tier !== undefined && !takesBlobs(tier))
    throw new StorageError('unsupported', `${name} takes no blobs.`, { backend: name })
}

/** One that could not be started gets its copies when it can be. */
function byDefault({ outbox, defaultTiers, unavailable }: Context): readonly string[] {
  const able = [...outbox.lanes.keys()]
  return defaultTiers?.filter((name) => able.includes(name) || unavailable.some((one) => one.name === name)) ?? able
}

function assertQuorum(quorum: number, replicate: Wishes['replicate'] = 'wait', tiers: readonly string[]): void {
  if (replicate === 'wait' && Number.isInteger(quorum) && quorum >= 1 && quorum <= tiers.length) return
  throw new StorageError(
    'invalid-argument',
    `A quorum of ${quorum} cannot be waited for with replicate: '${replicate}' and ${tiers.length} tiers.`,
  )
}

/** Starts the copies that a commit has queued, and says how each stands. A far failure never fails the put. */
export async function copyOut(
  context: Context,
  cid: CID,
  { queued, refused, waitFor }: CopyPlan,
  signal: AbortSignal,
): Promise<Record<string, TierResult>> {
  if (waitFor > 0) return waitForCopies(context, cid, { tiers: queued, waitFor, again: false }, signal)
  context.outbox.wake(queued)
  return { ...behindGate(context, refused), ...(queued.length > 0 && (await standing(context, cid, queued))) }
}

/** Copies what is here now, whatever the tiers are known to have. */
export async function copyAgain(
  context: Context,
  cid: CID,
  { queued, refused }: CopyPlan,
  signal: AbortSignal,
): Promise<Record<string, TierResult>> {
  await context.near.catalog.copies.queue(cid, queued, { again: true })
  const copied = await waitForCopies(context, cid, { tiers: queued, waitFor: queued.length, again: true }, signal)
  return { ...behindGate(context, refused), ...copied }
}

/** A copy that the tier had already is not made again. */
async function standing({ near }: Context, cid: CID, tiers: readonly string[]): Promise<Record<string, TierResult>> {
  const known = await near.catalog.copies.of(cid)
  const isStored = (name: string): boolean => known.some(({ tier, state }) => tier === name && state === 'stored')
  return Object.fromEntries(tiers.map((name) => [name, { status: isStored(name) ? 'stored' : 'queued' }]))
}

interface Wait {
  readonly tiers: readonly string[]
  readonly waitFor: number
  readonly again: boolean
}

/** Resolves when so many have it, or when none is under way any more. */
async function waitForCopies(
  context: Context,
  cid: CID,
  { tiers, waitFor, again }: Wait,
  signal: AbortSignal,
): Promise<Record<string, TierResult>> {
  const results: Record<string, TierResult> = Object.fromEntries(tiers.map((name) => [name, { status: 'queued' }]))
  const enough = Promise.withResolvers<void>()
  let stored = 0
  const attempts = tiers.map(async (name) => {
    const result = await attempt(context, cid, name, { again, signal })
    results[name] = result
    if (result.status === 'stored' && ++stored === waitFor) enough.resolve()
  })
  await Promise.race([enough.promise, Promise.all(attempts)])
  return { ...results }
}

async function attempt(
  { outbox, unavailable }: Context,
  cid: CID,
  tier: string,
  options: { readonly again: boolean; readonly signal: AbortSignal },
): Promise<TierResult> {
  const lane = outbox.lanes.get(tier)
  if (lane !== undefined) return lane.copy(cid, options)
  return { status: 'failed', error: unavailable.find(({ name }) => name === tier)?.error }
}

function behindGate({ gate }: Context, tiers: readonly string[]): Record<string, TierResult> {
  const error = new StorageError('unavailable', `The gate is closed (${gate.detail}): nothing leaves this machine.`)
  return Object.fromEntries(tiers.map((name) => [name, { status: 'failed', error }]))
}
