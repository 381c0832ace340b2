import { join } from 'node:path'
import { removeFile, statIfThere } from '../files.ts'
import { createAppender, type Appender } from './appender.ts'
import { DamagedCheckpoint, openCheckpoint, writeCheckpoint, type Checkpoint } from './checkpoint.ts'
import { packPath } from './pack-file.ts'
import { createPackSet, type PackSet } from './pack-set.ts'
import { createIndex, type Index, type Valuing } from './place-index.ts'

/** What a process knows of the packs, from one making of its index to the next. */
export interface State {
  readonly index: Index
  readonly set: PackSet
  readonly appender: Appender
}

/** Keeps that up, on disk, too. */
export interface Knowledge {
  state(): State
  /** Runs with the index that there is; when a part of it turns out to be damaged, once more with a new one. */
  sound<T>(action: () => T | Promise<T>): Promise<T>
  /** Takes in everything that others did before this call. True when there was anything. */
  refresh(): Promise<boolean>
  close(): Promise<void>
}

/** Fewer bytes appended since the last checkpoint are worth no new one, whatever share of all they are. */
const WORTH = 4 * 1024 * 1024

export async function createKnowledge(folder: string, temporary: () => string, valueOf: Valuing): Promise<Knowledge> {
  const path = join(folder, 'index')
  let checkpoint: Checkpoint | undefined
  /** How far each pack lies in the checkpoint on disk. */
  let covered = new Map<number, number>()
  let state = await load()
  let remaking: Promise<void> | undefined
  let refreshing: Promise<boolean> | undefined
  let next: Promise<boolean> | undefined
  let writing: Promise<void> | undefined

  async function load(): Promise<State> {
    const opened = openCheckpoint(path)
    const index = createIndex(valueOf, (number) => opened?.shard(number))
    const set = createPackSet(folder, index, opened?.packs ?? [])
    try {
      await set.refresh()
      for (const { name, end } of opened?.packs ?? []) {
        // Cut short, by a power cut, too: what is appended up to where the checkpoint ends would never be scanned.
        const stats = statIfThere(packPath(folder, name))
        if (stats !== undefined && Number(stats.size) < end) throw new DamagedCheckpoint()
      }
    } catch (error) {
      set.close()
      opened?.close()
      if (!(error instanceof DamagedCheckpoint)) throw error
      removeFile(path)
      return load()
    }
    checkpoint = opened
    covered = new Map(opened?.packs.map(({ number, end }) => [number, end]))
    return { index, set, appender: createAppender(folder, set, index, () => void keep(8)) }
  }

  async function remake(): Promise<void> {
    removeFile(path)
    const old = { ...state, checkpoint }
    await old.appender.seal()
    await writing
    old.set.close()
    state = await load()
    old.checkpoint?.close()
  }

  async function sound<T>(action: () => T | Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (error) {
      if (!(error instanceof DamagedCheckpoint)) throw error
      remaking ??= remake().finally(() => (remaking = undefined))
      await remaking
      return action()
    }
  }

  /** One that is under way may have looked before the caller's turn: then another one follows it, for all who ask meanwhile. */
  function refresh(): Promise<boolean> {
    if (refreshing === undefined) {
      refreshing = state.set.refresh().finally(() => (refreshing = undefined))
      return refreshing
    }
    next ??= refreshing
      .catch(() => {})
      .then(() => {
        next = undefined
        return refresh()
      })
    return next
  }

  /** Writes a checkpoint if that share of all, or more, was appended since the last one. */
  function keep(share: number): Promise<void> {
    const packs = state.set.all()
    const all = packs.reduce((sum, { end }) => sum + end, 0)
    const fresh = packs.reduce((sum, { number, end }) => sum + end - (covered.get(number) ?? 0), 0)
    if (writing !== undefined || fresh < WORTH || fresh * share < all) return writing ?? Promise.resolve()
    writing = write().finally(() => (writing = undefined))
    return writing
  }

  async function write(): Promise<void> {
    const { index, set } = state
    const source = checkpoint
    const packs = set.all().map(({ synced: _, ...pack }) => ({ ...pack }))
    try {
      await writeCheckpoint(path, temporary(), packs, (number) => index.loaded(number) ?? source?.shard(number))
      covered = new Map(packs.map(({ number, end }) => [number, end]))
    } catch {
      // Without it the next opening takes longer, and that is all.
    }
  }

  return {
    state: () => state,
    sound,
    refresh,
    close: async () => {
      await state.appender.seal()
      await writing
      await keep(16)
      state.set.close()
      checkpoint?.close()
    },
  }
}
