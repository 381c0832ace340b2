import type { CID } from 'multiformats/cid'
import type { Content } from '../content/content.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Far } from '../fetch/far.ts'
import { decideGate, type Gate } from '../gate/gate.ts'
import { assertName } from '../ref/assert-name.ts'
import type { Backend, Provider } from '../spi/backend.ts'
import type { NameVersion } from '../spi/catalog.ts'
import type { DeleteOptions, GcOptions, GcReport } from '../spi/near-store.ts'
import { exportCar } from './commands/export-car.ts'
import { get } from './commands/get.ts'
import { importCar, type ImportOptions } from './commands/import-car.ts'
import { blobInfo, list } from './commands/list.ts'
import { ls } from './commands/ls.ts'
import { put, putFile } from './commands/put.ts'
import { putDirectory } from './commands/put-directory.ts'
import { flush } from './commands/flush.ts'
import { status } from './commands/status.ts'
import { verify } from './commands/verify.ts'
import { copyAgain, copyPlan } from './far/replicate.ts'
import { lifetime, type Lifetime } from './lifetime.ts'
import { silentLogger } from './logger.ts'
import { createOutbox, type Outbox } from './outbox/outbox.ts'
import { rulesOf } from './rules/options.ts'
import { createAutoTier, type AutoTier } from './rules/rules.ts'
import { statFar } from './stat-far.ts'
import { recordNear } from './record-near.ts'
import { resolveOrMiss, resolveRef, quoteRef } from './resolve.ts'
import type { StoredBlob } from './stored-blob.ts'
import { assertOwnNames } from './own-names.ts'
import type { Context } from './context.ts'
import type {
  BlobInfo,
  DirectoryItem,
  FlushOptions,
  FlushReport,
  ListOptions,
  PinInfo,
  PutDirectoryOptions,
  PutFileOptions,
  PutOptions,
  PutResult,
  Ref,
  StorageInit,
  StorageStatus,
  VerifyReport,
  WaitOptions,
} from './types.ts'

/**
 * Content under its id, near first, then far. Open one with `createStorage()` of package `stowage`, or with
 * `new StorageWrapper({ near: memory() })`; close it, or hold it with `await using`. Every method takes a `signal`, and rejects with
 * its reason; after `close()` every method rejects with `closed`. Absence: `has` is false, `stat` undefined, `delete`
 * false, reading throws `not-found`.
 */
export class StorageWrapper {
  readonly gate: Gate
  /** True when the gate is open and there is a far tier. */
  readonly isDistributed: boolean
  readonly #context: Context
  readonly #lifetime: Lifetime = lifetime()
  readonly #init: StorageInit
  readonly #collecting: NodeJS.Timeout | undefined
  #far: Promise<Far> | undefined

  constructor(init: StorageInit) {
    const { near, tiers = [], logger = silentLogger } = init
    assertOwnNames(tiers)
    this.#init = init
    this.gate = init.gate ?? decideGate({ env: process.env, hasTiers: tiers.length > 0 })
    this.isDistributed = this.gate.distributed && tiers.length > 0
    const used = this.isDistributed ? tiers : []
    const counters = { puts: 0, deduplicated: 0, nearHits: 0, nearMisses: 0, copied: 0 }
    const outbox = createOutbox({ near, logger, lifetime: this.#lifetime, counters }, used)
    this.#context = {
      near,
      tiers: used,
      far: used.length > 0 ? () => (this.#far ??= this.#openFar()) : undefined,
      gate: this.gate,
      logger,
      outbox,
      autoTier: this.#autoTier(used, outbox),
      defaultTiers: init.defaultTiers,
      unavailable: init.unavailable ?? [],
      pinByDefault: init.pinByDefault ?? false,
      counters,
    }
    logger.info(`Storage opened, ${this.isDistributed ? 'distributed' : 'local'}.`, {
      reason: this.gate.reason,
      detail: this.gate.detail,
    })
    this.#collecting = this.#collectEvery(init.gcInterval)
  }

  /** True from the call of `close()` on. */
  get closed(): boolean {
    return this.#lifetime.closed
  }

  /** Stores content and answers with its CID; it is durable when the promise resolves. */
  put(content: Content, options: PutOptions = {}): Promise<PutResult> {
    return this.#lifetime.run(options, (signal) => put(this.#context, content, options, signal))
  }

  /** Stores a file, at the memory cost of a few leaves. Missing: `not-found`; changed meanwhile: `conflict`. */
  putFile(path: string, options: PutFileOptions = {}): Promise<PutResult> {
    return this.#lifetime.run(options, (signal) => putFile(this.#context, path, options, signal))
  }

  /** Stores a folder as a UnixFS directory. Links are followed; hidden entries are left out unless asked for. */
  putDirectory(path: string, options: PutDirectoryOptions = {}): Promise<PutResult> {
    return this.#lifetime.run(options, (signal) => putDirectory(this.#context, path, options, signal))
  }

  /** The content of a ref. Nothing happens until it is read. */
  get(ref: Ref, options: WaitOptions = {}): StoredBlob {
    return get(this.#context, this.#lifetime, ref, options)
  }

  /** Whether it is stored, near or far; with `near: true` no far tier is asked. An outage that hides the answer throws. */
  has(ref: Ref, options: WaitOptions & { readonly near?: boolean | undefined } = {}): Promise<boolean> {
    return this.#lifetime.run(options, async (signal) => {
      const { near, far } = this.#context
      const cid = await resolveOrMiss(near, ref, options.near === true ? { signal } : { signal, far })
      if (cid === undefined) return false
      // Blobs first: to say that one is there takes less than to gather its record.
      if ((await near.stat(cid)) !== undefined || (await recordNear(near, cid)) !== undefined) return true
      return options.near !== true && (await statFar(this.#context, cid, signal)) !== undefined
    })
  }

  stat(ref: Ref, options: WaitOptions = {}): Promise<BlobInfo | undefined> {
    return this.#lifetime.run(options, async (signal) => {
      const cid = await resolveOrMiss(this.#context.near, ref, { signal, far: this.#context.far })
      if (cid === undefined) return undefined
      const record = await recordNear(this.#context.near, cid)
      if (record !== undefined) return blobInfo(record, this.#context.near.name)
      const far = await statFar(this.#context, cid, signal)
      if (far === undefined) return undefined
      const never = new Date(0)
      return {
        cid,
        size: far.size,
        names: [],
        pinned: false,
        aliases: [],
        tiers: [far.tier],
        createdAt: never,
        lastUsedAt: never,
        isDirectory: far.isDirectory === true,
      }
    })
  }

  /** Removes content and its names from this machine. Pinned: `pinned`; part of a stored directory: `conflict`; unless `force`. */
  delete(ref: Ref, options: DeleteOptions & WaitOptions = {}): Promise<boolean> {
    return this.#lifetime.run(options, async (signal) => {
      const cid = await resolveOrMiss(this.#context.near, ref, { signal })
      return cid !== undefined && this.#context.near.delete(cid, { signal, force: options.force })
    })
  }

  list(options: ListOptions = {}): AsyncIterableIterator<BlobInfo> {
    return this.#lifetime.stream(options, (signal) => list(this.#context, options, signal))
  }

  /** What a directory holds. */
  ls(ref: Ref, options: WaitOptions = {}): AsyncIterableIterator<DirectoryItem> {
    return this.#lifetime.stream(options, (signal) => ls(this.#context, ref, signal))
  }

  /** The CID that a ref names. `not-found` for a name, alias or path that names nothing. */
  resolve(ref: Ref, options: WaitOptions = {}): Promise<CID> {
    return this.#lifetime.run(options, (signal) => {
      const { near, far } = this.#context
      return resolveRef(near, ref, { signal, far })
    })
  }

  /** Points a name at stored content. With `ifCurrent` only if it points there now (`null`: at nothing); otherwise `conflict`. */
  name(
    name: string,
    ref: Ref,
    options: WaitOptions & { readonly ifCurrent?: Ref | null | undefined } = {},
  ): Promise<void> {
    return this.#lifetime.run(options, async (signal) => {
      assertName(name)
      const { near } = this.#context
      const cid = await resolveRef(near, ref, { signal })
      const { ifCurrent } = options
      const expected =
        ifCurrent === undefined || ifCurrent === null ? ifCurrent : await resolveOrMiss(near, ifCurrent, { signal })
      if (ifCurrent !== undefined && expected === undefined) {
        throw new StorageError(
          'conflict',
          `${quoteRef(name)} does not point at ${quoteRef(ifCurrent as Ref)}: nothing is stored there.`,
        )
      }
      await near.catalog.names.set({ name, ifCurrent: expected }, cid)
    })
  }

  /** Where a name pointed, newest first. */
  history(name: string, options: WaitOptions = {}): AsyncIterableIterator<NameVersion> {
    return this.#lifetime.stream(options, () => this.#context.near.catalog.names.history(name))
  }

  /** Keeps content from eviction and deletion. False when it is not here. */
  pin(ref: Ref, options: WaitOptions & { readonly name?: string | undefined } = {}): Promise<boolean> {
    return this.#lifetime.run(options, async (signal) => {
      const cid = await resolveOrMiss(this.#context.near, ref, { signal })
      return cid !== undefined && this.#context.near.catalog.pins.set(cid, options.name)
    })
  }

  /** False when it was not pinned. */
  unpin(ref: Ref, options: WaitOptions = {}): Promise<boolean> {
    return this.#lifetime.run(options, async (signal) => {
      const cid = await resolveOrMiss(this.#context.near, ref, { signal })
      return cid !== undefined && this.#context.near.catalog.pins.remove(cid)
    })
  }

  pins(options: WaitOptions = {}): AsyncIterableIterator<PinInfo> {
    return this.#lifetime.stream(options, () => this.#context.near.catalog.pins.list())
  }

  /** Who else has it, as the far tiers say: real ones or none. */
  providers(ref: Ref, options: WaitOptions = {}): AsyncIterableIterator<Provider> {
    const { near, tiers } = this.#context
    return this.#lifetime.stream(options, async function* (signal) {
      const cid = await resolveRef(near, ref, { signal })
      for (const tier of tiers) if (tier.providers !== undefined) yield* tier.providers(cid, { signal })
    })
  }

  /** Copies stored content to far tiers now, whatever they are known to have, and says how each went. A copy that failed is tried again in the background. */
  replicate(
    ref: Ref,
    options: WaitOptions & { readonly to?: readonly string[] | undefined } = {},
  ): Promise<PutResult['tiers']> {
    return this.#lifetime.run(options, async (signal) => {
      const plan = copyPlan(this.#context, { to: options.to })
      return copyAgain(this.#context, await resolveRef(this.#context.near, ref, { signal }), plan, signal)
    })
  }

  /** Tries every copy that is still to be made once, now, and says what is left. For programs that are about to end. */
  flush(options: FlushOptions = {}): Promise<FlushReport> {
    return this.#lifetime.run(options, (signal) => flush(this.#context, options, signal))
  }

  /** Re-hashes what is stored: one ref, or everything. With `repair`, damaged blobs are fetched again from the far tiers. */
  verify(
    ref?: Ref,
    options: WaitOptions & { readonly repair?: boolean | undefined } = {},
  ): AsyncIterableIterator<VerifyReport> {
    return this.#lifetime.stream(options, (signal) => verify(this.#context, ref, options, signal))
  }

  /** Removes what was deleted or abandoned and, over a byte budget, evicts unpinned content, least valuable first. */
  gc(options: GcOptions & WaitOptions = {}): Promise<GcReport> {
    return this.#lifetime.run(options, (signal) =>
      this.#context.near.gc({ maxSize: options.maxSize ?? this.#init.maxSize, signal }),
    )
  }

  /** Takes in a CAR and answers with its roots. Damaged or not whole: `integrity`, and nothing becomes visible. */
  importCar(source: Content, options: ImportOptions = {}): Promise<CID[]> {
    return this.#lifetime.run(options, (signal) => importCar(this.#context, source, options, signal))
  }

  /** A CARv1 of everything below a ref. */
  exportCar(ref: Ref, options: WaitOptions = {}): ReadableStream<Uint8Array> {
    return ReadableStream.from(
      this.#lifetime.stream(options, (signal) => exportCar(this.#context, ref, options, signal)),
    )
  }

  /** How things stand. Backends are probed now. */
  status(options: WaitOptions = {}): Promise<StorageStatus> {
    return this.#lifetime.run(options, async (signal) => ({
      mode: this.isDistributed ? 'distributed' : 'local',
      gate: this.gate,
      ...(await status(this.#context, signal)),
      unknownKeys: this.#init.unknownKeys ?? [],
    }))
  }

  /** Ends what is under way (stored, or rejected with `closed`) and releases everything. Twice is fine. */
  async close(): Promise<void> {
    clearInterval(this.#collecting)
    this.#context.outbox.stop()
    this.#context.autoTier?.stop()
    // At once: a call may wait for something that only the closing of its backend ends.
    const ended = this.#lifetime.close()
    // Not opened, or failed to: nothing to close.
    const far = this.#far?.then(
      (opened) => opened.close(),
      () => {},
    )
    await Promise.all([ended, far, ...[this.#context.near, ...this.#context.tiers].map((backend) => backend.close())])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #openFar(): Promise<Far> {
    const { createFar } = await import('../fetch/far.ts')
    return createFar(this.#context, this.#init.fetch)
  }

  #autoTier(tiers: readonly Backend[], outbox: Outbox): AutoTier | undefined {
    const { near, logger = silentLogger, autoTier } = this.#init
    const rules = rulesOf(autoTier)
    if (rules === undefined || tiers.length === 0) return undefined
    const seedTo = (): readonly string[] => copyPlan(this.#context, {}).queued
    return createAutoTier(rules, { near, tiers, seedTo, outbox, logger, lifetime: this.#lifetime })
  }

  #collectEvery(interval: number | undefined): NodeJS.Timeout | undefined {
    if (interval === undefined) return undefined
    const collect = (): void => {
      this.gc().catch((error: unknown) => {
        if (!StorageError.is(error, 'closed')) this.#context.logger.error('The collection failed.', { error })
      })
    }
    return setInterval(collect, interval).unref()
  }
}
