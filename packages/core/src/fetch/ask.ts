import { wait } from '../layers/wait.ts'
import type { Source, Sources } from './sources.ts'

/** Milliseconds after which a tier is late, and the next one is asked as well. */
const LATE_MS = 250

export interface Asking {
  readonly sources: Sources
  /** Aborts when nobody needs further answers. */
  readonly signal: AbortSignal
  /** Asks one source. Never rejects. */
  ask(source: Source): Promise<void>
  /** Aborts when all that are left are to be asked at once. */
  readonly hurry?: AbortSignal | undefined
}

/** Asks tier after tier: the next one as soon as all before it have answered, or are late. Ends when all have answered. */
export async function askTiers({ sources, signal, ask, hurry }: Asking): Promise<void> {
  const answers: Promise<void>[] = []
  for (const [index, tier] of sources.entries()) {
    if (signal.aborted) break
    answers.push(...tier.map(ask))
    if (index < sources.length - 1 && hurry?.aborted !== true) await late(Promise.all(answers), signal, hurry)
  }
  await Promise.all(answers)
}

async function late(answered: Promise<unknown>, signal: AbortSignal, hurry: AbortSignal | undefined): Promise<void> {
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal, ...(hurry === undefined ? [] : [hurry])])
  await Promise.race([answered, wait(LATE_MS, either).catch(() => {})])
  over.abort()
}
