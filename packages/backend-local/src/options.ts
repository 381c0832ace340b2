/** Something that the store did by itself and that somebody may want to know. */
export interface Notice {
  readonly level: 'info' | 'warn'
  readonly message: string
}

export interface LocalOptions {
  /** The store's folder. Made on the first call, nested too. Several processes may share it. */
  readonly dir: string
  /** How this store is called in errors and status. Default `local`. */
  readonly name?: string | undefined
  /** Milliseconds that a partial blob may lie untouched before `gc` removes it. Default: seven days. */
  readonly partialAge?: number | undefined
  /**
   * Byte budget of all blobs. What passes it is evicted in the background, the least valuable first, never what is pinned or
   * leased. What was put last stays, even if it is larger. Default: none.
   */
  readonly maxSize?: number | undefined
  readonly onNotice?: ((notice: Notice) => void) | undefined
}

export const DEFAULT_PARTIAL_AGE: number = 7 * 24 * 60 * 60 * 1000
