/** Consecutive leaves that somebody waits for; `last` is not among them. */
export interface Want {
  readonly first: number
  readonly last: number
  /** Somebody reads them in order, rather than wanting all of them at some time. */
  readonly inOrder: boolean
}

/** What is known of a leaf: nobody asks for it, a run does, its bytes are being checked, or it is here. */
export const FREE = 0
export const ASKED = 1
export const CHECKING = 2
export const HERE = 3

export interface Wants {
  add(want: Want): void
  remove(want: Want): void
  /** Something may have become free again at this leaf. */
  reopen(leaf: number): void
  /** Leaves that nobody asks for yet, in the order in which they should be: the first of each stretch. */
  free(accept: (leaf: number) => boolean): { readonly leaf: number; readonly want: Want } | undefined
  /** What readers wait for now: of each that reads in order, the first leaf that is not here. */
  awaited(): readonly number[]
  /** Leaves that are wanted and not here: true as soon as there is one. */
  missing(): boolean
}

interface Place {
  readonly want: Want
  /** No leaf before it is free. */
  free: number
  /** All leaves before it are here. */
  here: number
}

/** `state` of each leaf is changed from outside. */
export function createWants(state: Uint8Array): Wants {
  const readers: Place[] = []
  const others: Place[] = []

  function firstMissing(place: Place): number | undefined {
    while (place.here < place.want.last && state[place.here] === HERE) place.here++
    return place.here < place.want.last ? place.here : undefined
  }

  function firstFree(place: Place, accept: (leaf: number) => boolean): number | undefined {
    while (place.free < place.want.last && state[place.free] !== FREE) place.free++
    for (let leaf = place.free; leaf < place.want.last; leaf++) if (state[leaf] === FREE && accept(leaf)) return leaf
    return undefined
  }

  return {
    add: (want) => void (want.inOrder ? readers : others).push({ want, free: want.first, here: want.first }),
    remove: (want) => {
      for (const places of [readers, others]) {
        const at = places.findIndex((place) => place.want === want)
        if (at >= 0) places.splice(at, 1)
      }
    },
    reopen: (leaf) => {
      for (const place of [...readers, ...others]) {
        if (leaf < place.want.first || leaf >= place.want.last) continue
        place.free = Math.min(place.free, leaf)
        place.here = Math.min(place.here, leaf)
      }
    },
    free: (accept) => {
      for (const places of [readers, others]) {
        for (const place of places) {
          const leaf = firstFree(place, accept)
          if (leaf === undefined) continue
          // Readers take turns.
          places.push(...places.splice(places.indexOf(place), 1))
          return { leaf, want: place.want }
        }
      }
      return undefined
    },
    awaited: () => readers.flatMap((place) => firstMissing(place) ?? []),
    missing: () => [...readers, ...others].some((place) => firstMissing(place) !== undefined),
  }
}
