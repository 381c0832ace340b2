import type { CID } from 'multiformats/cid'

/** What is known at the time of an event; bytes, bytes a second and seconds. */
export interface ProgressFields {
  readonly cid?: CID | undefined
  readonly name?: string | undefined
  readonly file?: string | undefined
  readonly fileIndex?: number | undefined
  readonly fileCount?: number | undefined
  readonly layer?: 'cache' | 'ipfs' | 's3' | 'origin' | undefined
  readonly source?: string | undefined
  readonly bytes: number
  readonly total?: number | undefined
  readonly percent?: number | undefined
  readonly speed?: number | undefined
  readonly eta?: number | undefined
  readonly retries?: number | undefined
}

/**
 * `start → (chunk | source | retry)* → end`. On success `start` and `end` come exactly once; after a failure no
 * `end` comes: the call's rejection says it. Chunk events come at most every 100 ms.
 */
export type ProgressEvent = { readonly type: 'start' | 'chunk' | 'source' | 'retry' | 'end' } & ProgressFields

export type OnProgress = (event: ProgressEvent) => void

export interface Meter {
  /** What further events say besides. */
  set(fields: Partial<Omit<ProgressFields, 'bytes'>>): void
  /** Bytes come from there now, too. */
  from(source: string, layer?: ProgressFields['layer']): void
  /** Something failed, and is tried again. */
  retry(): void
  /** That many bytes of the current call are done, in all. */
  at(bytes: number): void
  add(bytes: number): void
  end(fields?: Partial<ProgressFields>): void
}

const EVERY_MS = 100
const SILENT: Meter = { set() {}, from() {}, retry() {}, at() {}, add() {}, end() {} }

/** Turns byte counts into events; sends `start` at once. A listener that throws is the caller's bug and is not caught. */
export function meter(
  onProgress: OnProgress | undefined,
  fields: Partial<Omit<ProgressFields, 'bytes'>> = {},
  now: () => number = () => performance.now(),
): Meter {
  if (onProgress === undefined) return SILENT
  const startedAt = now()
  let known = fields
  let bytes = 0
  let sentAt = startedAt

  const send = (type: ProgressEvent['type']): void => {
    sentAt = now()
    onProgress({ type, ...known, bytes, ...rates(bytes, known.total, (sentAt - startedAt) / 1000) })
  }
  const at = (done: number): void => {
    bytes = done
    if (now() - sentAt >= EVERY_MS) send('chunk')
  }
  send('start')
  return {
    set: (more) => void (known = { ...known, ...more }),
    from(source, layer) {
      known = { ...known, source, layer }
      send('source')
    },
    retry() {
      known = { ...known, retries: (known.retries ?? 0) + 1 }
      send('retry')
    },
    at,
    add: (more) => at(bytes + more),
    end(more = {}) {
      const { bytes: all = bytes, ...rest } = more
      bytes = all
      known = { ...known, ...rest }
      send('end')
    },
  }
}

/** The meter for a second reading of bytes that have been counted: it says what else is known, and ends. */
export function counted(progress: Meter): Meter {
  return { ...progress, set: ({ total: _, ...fields }) => progress.set(fields), at() {}, add() {} }
}

/** Percent with one decimal, mean speed since the start, and the time left at that speed. */
export function rates(
  bytes: number,
  total: number | undefined,
  seconds: number,
): Pick<ProgressFields, 'percent' | 'speed' | 'eta'> {
  const speed = seconds > 0 ? bytes / seconds : undefined
  if (total === undefined) return { speed }
  const percent = total === 0 ? 100 : Math.min(100, Math.round((1000 * bytes) / total) / 10)
  const eta = speed !== undefined && speed > 0 ? Math.max(0, (total - bytes) / speed) : undefined
  return { percent, speed, eta }
}
