import type { ServerName } from './servers.ts'

/** What one row of a suite gets to work with, in a process of its own. */
export interface Bench {
  /** Bytes of the blob that the suite is about. */
  readonly size: number
  /** Small blobs that the suite is about. */
  readonly count: number
  /** A file of `size` random bytes; the same one for every row. */
  readonly file: string
  /** An empty folder, removed afterwards. */
  readonly folder: string
  /** The folder of one of the suite's stores, as it was prepared. */
  store(name: string): string
  /** Times the work, on so many small blobs if not on `count`; everything outside of it is preparation. Exactly once a row. */
  measure<T>(work: () => Promise<T>, of?: { readonly count: number }): Promise<T>
}

/** Answers with its figure, if that is anything else than what the suite's `figure` makes of the time. */
export type Row = ((bench: Bench) => Promise<number | void>) & Needs

/** Fills an empty folder once, before the rounds; rows read it. */
export type Store = ((bench: Omit<Bench, 'store' | 'measure'>) => Promise<void>) & Needs

export interface Needs {
  /** Packages of `bench/peers`; without them the row is left out. */
  readonly needs?: readonly string[]
  /** A server of `integration/servers`; where it is not installed the row is left out. */
  readonly server?: ServerName
}

/** Marks a row or a store as one that needs packages of `bench/peers`. */
export function needing<T extends Marked>(
  needs: readonly string[],
  work: T,
): T & { readonly needs: readonly string[] } {
  return mark(work, { needs })
}

/** Marks a row as one that starts a real server. */
export function onServer<T extends Marked>(server: ServerName, work: T): T & { readonly server: ServerName } {
  return mark(work, { server })
}

type Marked = ((...parameters: never[]) => unknown) & Needs

/** A function of its own each time: the same work may stand in several rows. */
function mark<T extends Marked, M extends Needs>(work: T, more: M): T & M {
  const { needs, server } = work
  return Object.assign(
    ((...parameters) => work(...parameters)) as T,
    { ...(needs && { needs }), ...(server && { server }) },
    more,
  )
}

export interface Suite {
  readonly title: string
  /** What a row's figure is, given the seconds that its work took. */
  readonly figure: Figure
  readonly rows: Readonly<Record<string, Row>>
  readonly ratios: readonly Ratio[]
  readonly limits?: readonly Limit[] | undefined
  readonly stores?: Readonly<Record<string, Store>> | undefined
  /** Bytes, unless the command line says otherwise; absent: the suite needs no file. */
  readonly size?: number | undefined
  /** Small blobs, unless the command line says otherwise; absent: the suite needs none. */
  readonly count?: number | undefined
  /** How it looks in the picture. Absent: it does not. */
  readonly picture?: Picture | undefined
}

export interface Figure {
  readonly unit: string
  readonly better: 'more' | 'less'
  of(seconds: number, bench: Pick<Bench, 'size' | 'count'>): number
}

/** How many times better `row` is than `over`; in one run, by the medians. */
export interface Ratio {
  readonly row: string
  readonly over: string
  /** What it should reach, and what the goal is called; `costs` is the inverse, for what may be a little worse. */
  readonly goal?: { readonly name: string } & ({ readonly atLeast: number } | { readonly costsAtMost: number })
}

/** What a row alone should keep to, by its median. */
export interface Limit {
  readonly row: string
  readonly of: 'figure' | 'eventLoop' | 'peakMiB' | 'stallMs'
  readonly atMost: number
  /** The goal that this belongs to. Absent: beyond the limit, the run fails. */
  readonly goal?: string | undefined
}

export type Picture = { readonly kind: 'bars' } | { readonly kind: 'lines'; readonly lines: readonly Line[] }

/** What a figure does as the count grows. */
export interface Line {
  readonly label: string
  readonly points: readonly { readonly count: number; readonly row: string }[]
}

export interface Sample {
  /** In the suite's unit. */
  readonly figure: number
  /** Share of the time in which the main thread was busy. */
  readonly eventLoop: number
  /** Peak resident memory during the work, in MiB. */
  readonly peakMiB: number
  /** The longest time that the main thread did not come round, in milliseconds. */
  readonly stallMs: number
}

export const throughput: Figure = { unit: 'MiB/s', better: 'more', of: (seconds, { size }) => size / 2 ** 20 / seconds }
export const milliseconds: Figure = { unit: 'ms', better: 'less', of: (seconds) => seconds * 1000 }
export const rate: Figure = { unit: 'blobs/s', better: 'more', of: (seconds, { count }) => count / seconds }
export const microseconds: Figure = { unit: 'µs', better: 'less', of: (seconds) => seconds * 1e6 }
