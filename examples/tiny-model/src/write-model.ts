import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Network } from './network.ts'
import { encodeOnnx, type ExternalTensor } from './onnx.ts'
import { concat } from './protobuf.ts'

export const MODEL_FILE = 'model.onnx'
export const WEIGHTS_FILE = 'model.onnx_data'

/** Writes the network as a model folder: `config.json`, `tokenizer.json`, `model.onnx`, and its weights in `model.onnx_data`. */
export async function writeModel(folder: string, network: Network): Promise<void> {
  const { inputs, hidden, outputs } = network
  const tensors = [
    { name: 'weights1', shape: [inputs, hidden], numbers: network.weights1 },
    { name: 'bias1', shape: [hidden], numbers: network.bias1 },
    { name: 'weights2', shape: [hidden, outputs], numbers: network.weights2 },
    { name: 'bias2', shape: [outputs], numbers: network.bias2 },
  ]
  const bytes = tensors.map(({ numbers }) => new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength))
  let offset = 0
  const weights: ExternalTensor[] = tensors.map(({ name, shape, numbers }) => {
    const tensor = { name, shape, file: WEIGHTS_FILE, offset, length: numbers.byteLength }
    offset += numbers.byteLength
    return tensor
  })
  const graph = encodeOnnx({
    name: 'tiny',
    input: { name: 'input', shape: [1, inputs] },
    output: { name: 'output', shape: [1, outputs] },
    nodes: [
      { operator: 'MatMul', inputs: ['input', 'weights1'], output: 'product1' },
      { operator: 'Add', inputs: ['product1', 'bias1'], output: 'sum1' },
      { operator: 'Relu', inputs: ['sum1'], output: 'hidden' },
      { operator: 'MatMul', inputs: ['hidden', 'weights2'], output: 'product2' },
      { operator: 'Add', inputs: ['product2', 'bias2'], output: 'output' },
    ],
    weights,
  })
  const vocabulary = Object.fromEntries(Array.from({ length: inputs }, (_, id) => [`token-${id}`, id]))

  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'config.json'), json({ architecture: 'tiny', inputs, hidden, outputs }))
  await writeFile(
    join(folder, 'tokenizer.json'),
    json({ version: '1.0', model: { type: 'WordLevel', vocab: vocabulary } }),
  )
  await writeFile(join(folder, MODEL_FILE), graph)
  await writeFile(join(folder, WEIGHTS_FILE), concat(bytes))
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
