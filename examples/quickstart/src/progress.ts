import type { ProgressEvent } from 'stowage'

/** Shows progress events: one line that moves on a terminal, one line a file elsewhere. */
export function showProgress(event: ProgressEvent): void {
  const what = event.file ?? event.name ?? ''
  const line = `  ${String(Math.round(event.percent ?? 0)).padStart(3)} %  ${megabytes(event.bytes)}  ${what}`
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${line}${event.type === 'end' ? '\n' : ''}`)
  else if (event.type === 'end') console.log(line)
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
