import { StorageError, wait } from '@stowage/core/spi'
import { statusError } from './errors.ts'
import type { Answer, Ask, Http } from './http.ts'
import { retryAfter } from './retry-after.ts'
import type { Standing } from './standing.ts'

/** One place that is asked. */
export interface Site {
  /**
   * The answer with what was asked for, or `undefined` for 404; every other status throws. Who comes while it cools down waits
   * for it, if that takes a few seconds at most; otherwise `rate-limited`, unasked.
   */
  ask(ask: Ask): Promise<Answer | undefined>
  /** The head alone. `'unknown'`: HEAD is not known here, or says 404 and was never seen to say anything else. */
  head(ask: Omit<Ask, 'method'>): Promise<Answer | 'unknown' | undefined>
}

/** How long a place that limits us is left alone, in milliseconds, where it does not say. */
const COOL_DOWN = 2_000
/** So long a call waits for that. */
const PATIENCE = 5_000

export function site(send: Http, standing: Standing): Site {
  async function untilWarm({ url, signal }: Ask): Promise<void> {
    const cooling = standing.cooling(performance.now())
    if (cooling > PATIENCE)
      throw new StorageError('rate-limited', `${url.host} is left alone for ${Math.ceil(cooling / 1000)} s.`, {
        transient: true,
      })
    if (cooling > 0) await wait(Math.ceil(cooling), signal)
  }

  async function answerTo(ask: Ask): Promise<Answer | undefined> {
    await untilWarm(ask)
    const startedAt = performance.now()
    const answer = await send(ask)
    const { status, headers, url } = answer
    if (status < 300 || status === 404) standing.answered(performance.now() - startedAt)
    if (status === 200 || status === 206) return answer
    await answer.drop()
    if (status === 404) return undefined
    const pause = retryAfter(headers.get('retry-after'), Date.now())
    const error = statusError(status, pause, url)
    if (error.code === 'rate-limited') standing.coolUntil(performance.now() + (pause ?? COOL_DOWN))
    throw error
  }

  let knowsHead = false
  return {
    ask: answerTo,
    head: async (ask) => {
      try {
        const answer = await answerTo({ ...ask, method: 'HEAD' })
        if (answer === undefined) return knowsHead ? undefined : 'unknown'
        knowsHead = true
        await answer.drop()
        return answer
      } catch (error) {
        if (StorageError.is(error, 'unsupported')) return 'unknown'
        throw error
      }
    },
  }
}
