/** What one row of a suite gets to work with, in a process of its own. */
export interface Bench {
  /** Bytes of the blob that the suite is about. */
  readonly size: number
  /** A file of that size with random bytes; the same one for every row. */
  readonly file: string
  /** An empty folder, removed afterwards. */
  readonly folder: string
  /** Times the work; everything outside of it is preparation. Exactly once a row. */
  measure<T>(work: () => Promise<T>): Promise<T>
}

export interface Suite {
  readonly title: string
  /** What a row's figure is, given the seconds that its work took. */
  readonly figure: Figure
  readonly rows: Readonly<Record<string, (bench: Bench) => Promise<void>>>
  readonly ratios: readonly Ratio[]
  /** Most MiB of memory that a row may take; more fails the run. */
  readonly memoryLimits?: Readonly<Record<string, number>> | undefined
  /** Bytes, unless the command line says otherwise; 0: the suite needs no file. Default 256 MiB. */
  readonly size?: number | undefined
}

export interface Figure {
  readonly unit: string
  readonly better: 'more' | 'less'
  of(seconds: number, size: number): number
}

/** How many times better `row` is than `over`; in one run, by the medians. */
export interface Ratio {
  readonly row: string
  readonly over: string
  /** What the ratio should reach, and what the goal is called. */
  readonly goal?: { readonly name: string; readonly atLeast: number } | undefined
}

export interface Sample {
  readonly seconds: number
  /** Share of the time in which the main thread was busy. */
  readonly eventLoop: number
  /** Peak resident memory during the work, in MiB. */
  readonly peakMiB: number
}

export const throughput: Figure = { unit: 'MiB/s', better: 'more', of: (seconds, size) => size / 2 ** 20 / seconds }
export const milliseconds: Figure = { unit: 'ms', better: 'less', of: (seconds) => seconds * 1000 }
