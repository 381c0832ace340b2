/**
 * Maps items, so many under way at a time, and gives the results in order. After a failure nothing more is begun; it is
 * thrown when all that was under way has ended.
 */
export async function mapAtOnce<T, R>(items: readonly T[], atOnce: number, map: (item: T) => Promise<R>): Promise<R[]> {
  const results = Array.from<R>({ length: items.length })
  let next = 0
  let failure: { error: unknown } | undefined
  const run = async (): Promise<void> => {
    while (next < items.length && failure === undefined) {
      const index = next++
      try {
        results[index] = await map(items[index] as T)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, run))
  if (failure !== undefined) throw failure.error
  return results
}
