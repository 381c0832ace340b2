import { bytesField, concat, messageField, varintField, type Field } from './protobuf.ts'

/** A float32 tensor whose numbers lie in a file beside the model. */
export interface ExternalTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly file: string
  readonly offset: number
  readonly length: number
}

export interface OnnxNode {
  readonly operator: 'MatMul' | 'Add' | 'Relu'
  readonly inputs: readonly string[]
  readonly output: string
}

export interface OnnxGraph {
  readonly name: string
  readonly input: { readonly name: string; readonly shape: readonly number[] }
  readonly output: { readonly name: string; readonly shape: readonly number[] }
  readonly nodes: readonly OnnxNode[]
  readonly weights: readonly ExternalTensor[]
}

/** The bytes of an ONNX file (`ModelProto`, IR version 8, operator set 17). Field numbers are those of onnx.proto. */
export function encodeOnnx(graph: OnnxGraph): Uint8Array {
  return concat([
    varintField(1, 8),
    bytesField(2, 'stowage-example'),
    messageField(7, [
      ...graph.nodes.map(node),
      bytesField(2, graph.name),
      ...graph.weights.map(weight),
      valueInfo(11, graph.input),
      valueInfo(12, graph.output),
    ]),
    messageField(8, [varintField(2, 17)]),
  ])
}

function node({ operator, inputs, output }: OnnxNode): Field {
  return messageField(1, [
    ...inputs.map((input) => bytesField(1, input)),
    bytesField(2, output),
    bytesField(4, operator),
  ])
}

function weight({ name, shape, file, offset, length }: ExternalTensor): Field {
  const entry = (key: string, value: string): Field => messageField(13, [bytesField(1, key), bytesField(2, value)])
  return messageField(5, [
    ...shape.map((size) => varintField(1, size)),
    varintField(2, FLOAT),
    bytesField(8, name),
    entry('location', file),
    entry('offset', String(offset)),
    entry('length', String(length)),
    varintField(14, EXTERNAL),
  ])
}

function valueInfo(number: number, { name, shape }: OnnxGraph['input']): Field {
  const dimensions = shape.map((size) => messageField(1, [varintField(1, size)]))
  const tensor = messageField(1, [varintField(1, FLOAT), messageField(2, dimensions)])
  return messageField(number, [bytesField(1, name), messageField(2, [tensor])])
}

const FLOAT = 1
const EXTERNAL = 1
