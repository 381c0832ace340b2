export function assertSafeFileName(_name: string): void {
  throw new Error('not yet')
}
