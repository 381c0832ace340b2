import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { storeFolder } from './store-folder.ts'
import type { Bench, Sample } from './suite.ts'
import { suites } from './suites/index.ts'

/** How often the loop's delay is looked at, in milliseconds. */
const STALL_RESOLUTION = 2

// Prepares one store, or runs one row once and prints its sample as JSON. A process for each, so that memory and warmth
// are the row's own.
const [, , kind, suiteName = '', name = '', sizeText = '0', countText = '0', file = ''] = process.argv
const [size, count] = [Number(sizeText), Number(countText)]
const suite = await suites[suiteName]?.({ count })
if (suite === undefined) throw new TypeError(`There is no suite ${suiteName}.`)

if (kind === 'store') {
  await suite.stores?.[name]?.({ size, count, file, folder: storeFolder(dirname(file), suite, name) })
} else {
  console.log(JSON.stringify(await run()))
}

async function run(): Promise<Sample> {
  const row = suite?.rows[name]
  if (suite === undefined || row === undefined) throw new TypeError(`There is no row ${name} in ${suiteName}.`)
  const folder = await mkdtemp(join(dirname(file), 'row-'))
  const samples: Sample[] = []
  const bench: Bench = {
    size,
    count,
    file,
    folder,
    store: (of) => storeFolder(dirname(file), suite, of),
    async measure(work, of = { count }) {
      globalThis.gc?.()
      resetPeak()
      const delay = monitorEventLoopDelay({ resolution: STALL_RESOLUTION })
      delay.enable()
      // It counts from one look to the next, so it needs one before the work and one after.
      await sleep(2 * STALL_RESOLUTION)
      const before = performance.eventLoopUtilization()
      const startedAt = performance.now()
      const result = await work()
      const seconds = (performance.now() - startedAt) / 1000
      const eventLoop = performance.eventLoopUtilization(before).utilization
      await sleep(2 * STALL_RESOLUTION)
      delay.disable()
      const stallMs = Math.max(0, delay.max / 1e6 - STALL_RESOLUTION)
      samples.push({ figure: suite.figure.of(seconds, { size, ...of }), eventLoop, peakMiB: peakMiB(), stallMs })
      return result
    },
  }
  try {
    const figure = await row(bench)
    const [sample] = samples
    if (sample === undefined || samples.length > 1)
      throw new Error(`${suiteName}: ${name} measured ${samples.length} times`)
    return typeof figure === 'number' ? { ...sample, figure } : sample
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Peak resident memory since the last reset, the file-backed part included; where there is no /proc, since the start. */
function peakMiB(): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024
  } catch {
    return process.resourceUsage().maxRSS / 1024
  }
}

function resetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // Not everywhere; the figure is then the peak since the start of the process.
  }
}
