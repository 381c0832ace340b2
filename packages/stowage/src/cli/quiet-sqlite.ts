/**
 * Node 22 says at every start that `node:sqlite` is experimental (Node 24 does not). Who types a command can do
 * nothing about it, and scripts read its stderr: that one warning is left out, all others stay.
 */
export function quietSqlite(): void {
  const emit = process.emitWarning.bind(process) as (...warning: unknown[]) => void
  process.emitWarning = (...warning: unknown[]): void => {
    if (warning[1] !== 'ExperimentalWarning' || !String(warning[0]).startsWith('SQLite')) emit(...warning)
  }
}
