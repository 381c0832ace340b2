/** Bounds of what we take, in `docs/design.md` under "Identity". */

/** Bytes of the largest block that IPFS peers exchange. */
export const MAX_BLOCK_SIZE: number = 2 * 1024 * 1024

/** The most that a leaf may have, in bytes: a block with room for its frame. */
export const MAX_LEAF_SIZE: number = MAX_BLOCK_SIZE - 256

/** Leaves of a blob. */
export const MAX_LEAVES: number = 2 ** 22

/** Levels of nodes in a blob's tree. */
export const MAX_HEIGHT: number = 32

/** Levels of directories below one: about as deep as paths can name on most systems. */
export const MAX_DIRECTORY_DEPTH: number = 1024
