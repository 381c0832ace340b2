/** What was used last, of so many bytes together. */
export interface Recent<T> {
  get(key: string): T | undefined
  set(key: string, value: T): void
}

export function recent<T>(mostBytes: number, bytesOf: (value: T) => number): Recent<T> {
  const kept = new Map<string, T>()
  let bytes = 0

  function remove(key: string): void {
    const value = kept.get(key)
    if (value !== undefined) bytes -= bytesOf(value)
    kept.delete(key)
  }

  return {
    get: (key) => kept.get(key),
    set: (key, value) => {
      remove(key)
      kept.set(key, value)
      bytes += bytesOf(value)
      for (const oldest of kept.keys()) {
        if (bytes <= mostBytes || oldest === key) break
        remove(oldest)
      }
    },
  }
}
