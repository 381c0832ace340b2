/** Lets go of an iterable that nobody is going to read. What goes wrong in that concerns nobody. */
export function release(iterable: AsyncIterable<unknown>): void {
  releaseIterator(iterable[Symbol.asyncIterator]())
}

/** Likewise of one that is being read. Nobody waits for it: what hangs in `next()` hangs in `return()` as well. */
export function releaseIterator(iterator: AsyncIterator<unknown>): void {
  iterator.return?.().catch(() => {})
}
