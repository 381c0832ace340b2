import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Bench, Sample } from './suite.ts'
import { suites } from './suites/index.ts'

// Runs one row once and prints its sample as JSON. A process for each, so that memory and warmth are the row's own.
const [, , suiteName = '', rowName = '', sizeText = '0', file = ''] = process.argv
const suite = await suites[suiteName]?.()
const row = suite?.rows[rowName]
if (row === undefined) throw new TypeError(`There is no row ${rowName} in ${suiteName}.`)

const folder = await mkdtemp(join(dirname(file), 'row-'))
const samples: Sample[] = []
const bench: Bench = {
  size: Number(sizeText),
  file,
  folder,
  async measure(work) {
    globalThis.gc?.()
    resetPeak()
    const before = performance.eventLoopUtilization()
    const startedAt = performance.now()
    const result = await work()
    const seconds = (performance.now() - startedAt) / 1000
    samples.push({ seconds, eventLoop: performance.eventLoopUtilization(before).utilization, peakMiB: peakMiB() })
    return result
  },
}
try {
  await row(bench)
} finally {
  await rm(folder, { recursive: true, force: true })
}
if (samples.length !== 1) throw new Error(`${suiteName}: ${rowName} measured ${samples.length} times`)
console.log(JSON.stringify(samples[0]))

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
