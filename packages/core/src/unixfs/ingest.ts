import type { Body } from '../spi/backend.ts'
import type { Splitter } from './layout.ts'

export interface SplitOptions {
  readonly signal?: AbortSignal | undefined
}

/**
 * Cuts a body into leaves: fresh buffers that nobody else holds, in shared memory so that hash workers read
 * them in place. An empty body gives one empty leaf. The source is released however the loop ends.
 */
export async function* splitLeaves(source: Body, splitter: Splitter, options: SplitOptions = {}): AsyncGenerator<Uint8Array> {
  void [source, splitter, options]
}
