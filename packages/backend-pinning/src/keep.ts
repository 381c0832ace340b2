import { throwIfAborted, wait, type BlobStat } from '@stowage/core/spi'
import { pinFailed, pinPending } from './errors.ts'
import { noteOf, statOfNote } from './note.ts'
import { addPin, findPins, getPin, removePin, type Pin } from './pins.ts'
import type { Service } from './service.ts'

export interface KeepOptions {
  readonly name: string
  readonly origins: () => Promise<readonly string[]>
  /** Milliseconds that a pin is waited for. */
  readonly patience: number
}

const FIRST_PAUSE = 100
const LONGEST_PAUSE = 15_000
/** Milliseconds for taking back what an abort left behind. */
const TAKE_BACK = 5_000

/**
 * Asks the service for a pin, and waits until it has it. One that is on its way since earlier is waited for; one that
 * failed is asked for anew. An abort takes the pin back; a patience that is over does not, so that another call goes on.
 */
export async function keep(service: Service, stat: BlobStat, options: KeepOptions, signal: AbortSignal): Promise<void> {
  const { cid } = stat
  const ours = (await findPins(service, cid, signal)).filter(({ note }) => statOfNote(cid, note) !== undefined)
  if (ours.some(({ state }) => state === 'pinned')) return
  for (const { id, state } of ours) if (state === 'failed') await removePin(service, id, signal)
  const earlier = ours.find(({ state }) => state !== 'failed')
  if (earlier !== undefined) return follow(service, stat, earlier, options, signal)
  const origins = await options.origins()
  try {
    const pin = await addPin(service, { cid, name: options.name, origins, meta: noteOf(stat) }, signal)
    await follow(service, stat, pin, options, signal)
  } catch (error) {
    if (signal.aborted) await takeBack(service, stat).catch(() => {})
    throw error
  }
}

/** An aborted request may have been heard: so what is there is looked for. */
async function takeBack(service: Service, { cid }: BlobStat): Promise<void> {
  const signal = AbortSignal.timeout(TAKE_BACK)
  for (const { id, note } of await findPins(service, cid, signal))
    if (statOfNote(cid, note) !== undefined) await removePin(service, id, signal)
}

async function follow(
  service: Service,
  { cid }: BlobStat,
  asked: Pin,
  { patience }: KeepOptions,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + patience
  let pin: Pin | undefined = asked
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 1.6, LONGEST_PAUSE)) {
    if (pin === undefined) throw pinFailed(service.shown, cid, 'somebody removed the pin')
    if (pin.state === 'pinned') return
    if (pin.state === 'failed') {
      await removePin(service, pin.id, signal)
      throw pinFailed(service.shown, cid, pin.details)
    }
    const left = deadline - performance.now()
    if (left <= 0) throw pinPending(service.shown, cid, pin.state, patience)
    await wait(Math.min(pause, left), signal)
    throwIfAborted(signal)
    pin = await getPin(service, asked.id, signal)
  }
}
