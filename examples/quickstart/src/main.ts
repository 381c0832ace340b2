import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { loadModel, reference, sampleInput, tinyNetwork, WEIGHTS_FILE, writeModel } from '@stowage-examples/tiny-model'
import { createStorage } from 'stowage'
import { megabytes, showProgress } from './progress.ts'

const started = performance.now()
const folder = await mkdtemp(join(tmpdir(), 'stowage-quickstart-'))
const failures: string[] = []

/** Says what was compared and remembers when it differed. */
function check(what: string, holds: boolean): void {
  console.log(`  ${holds ? 'ok  ' : 'FAIL'}  ${what}`)
  if (!holds) failures.push(what)
}

try {
  const network = tinyNetwork()
  const original = join(folder, 'tiny-model')
  await writeModel(original, network)

  console.log('\n1. Put a model folder into the storage of the first machine')
  // #region put
  const first = await createStorage({ dir: join(folder, 'first-machine') })

  const model = await first.putDirectory(original, { name: 'tiny-model', pin: true, onProgress: showProgress })
  console.log(`  tiny-model is ${model.cid} (${megabytes(model.size)})`)

  for await (const file of first.ls(model.cid)) {
    console.log(`  ${file.name.padEnd(16)} ${file.cid} (${megabytes(file.size)})`)
  }
  // #endregion
  check(
    `the storage is ${first.gate.distributed ? 'distributed' : 'local'} (${first.gate.reason})`,
    !first.isDistributed,
  )
  check('a second put finds everything there', (await first.putDirectory(original)).deduplicated)

  console.log('\n2. Carry it to a second machine as a CAR, and use it there as plain files')
  // #region carry
  const second = await createStorage({ dir: join(folder, 'second-machine') })

  const [root] = await second.importCar(first.exportCar('tiny-model'))
  await second.name('tiny-model', root ?? model.cid)
  const arrived = await second.get('tiny-model').path()
  // #endregion
  check('the CAR names the same CID', root !== undefined && root.equals(model.cid))
  const weights = [original, arrived].map((place) => readFile(join(place, WEIGHTS_FILE)))
  check(
    'the weights are the same bytes',
    (await Promise.all(weights)).every((bytes, _, [one]) => one?.equals(bytes)),
  )
  for await (const report of second.verify()) check(`${report.cid} verifies on the second machine`, report.ok)

  console.log('\n3. Run it from both places')
  const input = sampleInput(network)
  const expected = reference(network, input)
  const outputs: Float32Array[] = []
  for (const [place, path] of Object.entries({ original, arrived })) {
    const engine = await loadModel(path)
    const output = await engine.run(input)
    await engine.close()
    outputs.push(output)
    const error = Math.max(...output.map((value, index) => Math.abs(value - (expected[index] ?? NaN))))
    check(
      `${place}: ${engine.runtime} differs from plain TypeScript by ${error.toExponential(1)} at most`,
      error < 1e-4,
    )
  }
  check(
    'both places answer the same, to the bit',
    outputs.every((output) => output.every((value, i) => value === outputs[0]?.[i])),
  )

  console.log('\n4. The same put where nothing may leave the machine')
  const put = join(import.meta.dirname, 'put.ts')
  for (const [variable, reason] of [
    ['STORAGE_FORCE_LOCAL', 'STORAGE_FORCE_LOCAL'],
    ['CI', 'ci'],
  ] as const) {
    const arguments_ = ['--conditions=@stowage/source', put, join(folder, `with-${variable}`), original]
    const { stdout } = await promisify(execFile)(process.execPath, arguments_, {
      env: { ...plainEnvironment(), [variable]: '1' },
    })
    const answer = JSON.parse(stdout) as { cid: string; reason: string }
    check(
      `${variable}=1: ${answer.cid} (gate: ${answer.reason})`,
      answer.cid === String(model.cid) && answer.reason === reason,
    )
  }
  await Promise.all([first.close(), second.close()])
} finally {
  await rm(folder, { recursive: true, force: true })
}

const seconds = ((performance.now() - started) / 1000).toFixed(1)
console.log(failures.length === 0 ? `\nAll of it holds (${seconds} s).` : `\n${failures.length} of the checks failed.`)
process.exitCode = failures.length === 0 ? 0 : 1

/** The environment without what switches the gate, so that each child shows one switch alone. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { CI: _, STORAGE_FORCE_LOCAL: __, IPFS_KIT_DISABLE: ___, ...rest } = process.env
  return rest
}
