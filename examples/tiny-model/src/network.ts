/** Two dense layers with a Relu between them. The numbers come from a fixed sequence, so every machine makes the same model. */
export interface Network {
  readonly inputs: number
  readonly hidden: number
  readonly outputs: number
  /** Row-major, `inputs × hidden` and `hidden × outputs`. */
  readonly weights1: Float32Array
  readonly bias1: Float32Array
  readonly weights2: Float32Array
  readonly bias2: Float32Array
}

/** The example's network: about 4 MiB of numbers, hence several leaves. `seed` tells versions apart. */
export function tinyNetwork(seed = 1): Network {
  const [inputs, hidden, outputs] = [512, 1024, 512]
  const next = sequence(seed)
  const numbers = (count: number): Float32Array => Float32Array.from({ length: count }, () => (next() - 0.5) / 8)
  return {
    inputs,
    hidden,
    outputs,
    weights1: numbers(inputs * hidden),
    bias1: numbers(hidden),
    weights2: numbers(hidden * outputs),
    bias2: numbers(outputs),
  }
}

/** An input that every run of the example uses. */
export function sampleInput(network: Network): Float32Array {
  const next = sequence(7)
  return Float32Array.from({ length: network.inputs }, () => next() - 0.5)
}

/** What the network answers, computed in plain TypeScript with 64-bit sums. */
export function reference(network: Network, input: Float32Array): Float32Array {
  const hidden = dense(input, network.weights1, network.bias1).map((value) => Math.max(value, 0))
  return dense(hidden, network.weights2, network.bias2)
}

function dense(input: Float32Array, weights: Float32Array, bias: Float32Array): Float32Array {
  const width = bias.length
  const sums = Float64Array.from(bias)
  for (const [row, value] of input.entries()) {
    for (let column = 0; column < width; column += 1) {
      sums[column] = (sums[column] ?? 0) + value * (weights[row * width + column] ?? 0)
    }
  }
  return Float32Array.from(sums)
}

/** Numbers in [0, 1) from a linear congruential generator (the constants of Numerical Recipes). */
function sequence(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) / 0x1000000
  }
}
