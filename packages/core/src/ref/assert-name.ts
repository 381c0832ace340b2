export function assertName(_name: string): void {
  throw new Error('not yet')
}
