import type { Meter } from './progress.ts'

/** A meter for one of several things that are counted together. */
export function part(whole: Meter): Meter {
  let bytes = 0
  return {
    set() {},
    from: whole.from,
    retry: whole.retry,
    at: (now) => {
      whole.add(now - bytes)
      bytes = now
    },
    add: (more) => {
      whole.add(more)
      bytes += more
    },
    end() {},
  }
}
