import type { Block } from '../spi/near-store.ts'
import type { Leaves, Outboard } from './outboard.ts'
import { endOf, NODE, type TreeNode } from './tree.ts'

/** A run of leaves; `last` is not in it. */
export interface LeafRange {
  readonly first: number
  readonly last: number
}

/** The leaves that hold bytes of a range. What reaches beyond the end is cut off; an empty range has `first === last`. */
export function coveringLeaves(leaves: Leaves, offset: number, length: number): LeafRange {
  const end = Math.min(offset + length, leaves.offset(leaves.count))
  const first = leaves.indexAt(offset)
  if (offset >= end) return { first, last: first }
  return { first, last: leaves.indexAt(end - 1) + 1 }
}

/** Leaves of one length, one after the other; `last` is not among them. */
export interface LeafRun extends LeafRange {
  readonly offset: number
  /** Bytes of all of them. */
  readonly length: number
  readonly leafSize: number
}

/** Cuts leaves into runs of at most so many bytes, or of one leaf that is larger. */
export function* leafRuns(leaves: Leaves, { first, last }: LeafRange, maxBytes: number): Generator<LeafRun> {
  for (let start = first; start < last;) {
    const leafSize = leaves.length(start)
    let end = start + 1
    while (end < last && (end - start + 1) * leafSize <= maxBytes && leaves.length(end) === leafSize) end++
    yield { first: start, last: end, offset: leaves.offset(start), length: (end - start) * leafSize, leafSize }
    start = end
  }
}

/** The interior nodes on the way to the leaves of a range, depth first, each once. An empty range has none. */
export function coveringNodes({ tree }: Outboard, offset: number, length: number): readonly Block[] {
  const found = new Set<Block>()
  const whole = new Set<TreeNode>()

  function visit(node: TreeNode, start: number): void {
    if (whole.has(node)) return
    const end = start + endOf(node.starts)
    if (offset >= end || offset + length <= start) return
    found.add(node.block)
    node.kinds.forEach((kind, entry) => {
      if (kind === NODE) visit(tree[node.places[entry] as number] as TreeNode, start + (node.starts[entry] as number))
    })
    // A node seen with all that is below it has nothing more to give when it comes again.
    if (offset <= start && offset + length >= end) whole.add(node)
  }

  if (tree[0] !== undefined && length > 0) visit(tree[0], 0)
  return [...found]
}

export type Step = { readonly node: Block } | { readonly leaf: number }

/** Nodes and leaves of the DAG depth first, as a CAR lists them; what is shared comes as often as it is linked. */
export function* walk({ tree }: Outboard): Generator<Step> {
  const [root] = tree
  let leaf = 0
  if (root === undefined) {
    yield { leaf }
    return
  }
  yield { node: root.block }
  const path = [{ node: root, entry: 0 }]
  for (let open = path.at(-1); open !== undefined; open = path.at(-1)) {
    const { node } = open
    const entry = open.entry++
    if (entry === node.kinds.length) path.pop()
    else if (node.kinds[entry] !== NODE) yield { leaf: leaf++ }
    else {
      const child = tree[node.places[entry] as number] as TreeNode
      yield { node: child.block }
      path.push({ node: child, entry: 0 })
    }
  }
}
