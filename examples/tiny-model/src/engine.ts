import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { InferenceSession, InferenceSessionFactory, TensorConstructor } from 'onnxruntime-common'
import { MODEL_FILE, WEIGHTS_FILE } from './write-model.ts'

/** A model that is loaded and ready. */
export interface Engine {
  /** The runtime that loaded it. */
  readonly runtime: 'onnxruntime-node' | 'onnxruntime-web'
  run(input: Float32Array): Promise<Float32Array>
  close(): Promise<void>
}

interface Runtime {
  readonly InferenceSession: InferenceSessionFactory
  readonly Tensor: TensorConstructor
}

/** Loads a model folder: with onnxruntime-node where it is installed, which maps the files, else with onnxruntime-web. */
export async function loadModel(folder: string): Promise<Engine> {
  const native = await nativeRuntime()
  const { InferenceSession, Tensor } = native ?? ((await import('onnxruntime-web')) as Runtime)
  const session =
    native === undefined
      ? await InferenceSession.create(await readFile(join(folder, MODEL_FILE)), {
          externalData: [{ path: WEIGHTS_FILE, data: await readFile(join(folder, WEIGHTS_FILE)) }],
        })
      : await InferenceSession.create(join(folder, MODEL_FILE))
  return {
    runtime: native === undefined ? 'onnxruntime-web' : 'onnxruntime-node',
    async run(input) {
      const { output } = await session.run({ input: new Tensor('float32', input, [1, input.length]) })
      if (!(output?.data instanceof Float32Array)) throw new TypeError('The model gave no float32 tensor named output.')
      return output.data
    },
    close: async () => release(session),
  }
}

async function release(session: InferenceSession): Promise<void> {
  await session.release()
}

/** onnxruntime-node is large, so the workspace does not install it; the integration folder does, on request. */
async function nativeRuntime(): Promise<Runtime | undefined> {
  const folder = join(import.meta.dirname, '../../../integration')
  try {
    // From 1.30 on it reports to its makers on Linux, too, unless it is told not to.
    process.env['ORT_DISABLE_TELEMETRY'] ??= '1'
    const path = createRequire(join(folder, 'package.json')).resolve('onnxruntime-node')
    return ((await import(pathToFileURL(path).href)) as { default: Runtime }).default
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}
