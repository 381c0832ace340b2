import { TARGET, WINDOW, worth } from '../../src/policy/worth.ts'
import { greedyDual } from './policies.ts'

/** What the store does, with its own worths. `dear`: as if it knew what each blob costs to get again. */
export const chosen = greedyDual({
  worth: ({ size }, uses) => worth(size, uses),
  window: WINDOW,
  target: TARGET,
  ghosts: true,
})
export const dear = greedyDual({
  worth: ({ size, factor }, uses) => worth(size, uses, factor),
  window: WINDOW,
  target: TARGET,
  ghosts: true,
})
