import { printable, toJson } from './format.ts'
import { EXIT, Interruption } from './failure.ts'

/** Standard output, at the pace of its reader. */
export interface Output {
  readonly json: boolean
  bytes(chunk: Uint8Array): Promise<void>
  /** One result: as a JSON line, or as text for people. */
  result(data: object, text: string): Promise<void>
}

/** `leave` is called when the output takes no more, since its reader has gone or its disk is full: nothing that follows could be of use. */
export function output(
  stream: NodeJS.WriteStream,
  json: boolean,
  signal: AbortSignal,
  leave: (reason: Error) => void,
): Output {
  const gone = new Interruption('The reader of the output has gone.', EXIT.ok)
  stream.on('error', (error: NodeJS.ErrnoException) => leave(error.code === 'EPIPE' ? gone : error))

  const write = (chunk: Uint8Array | string): Promise<void> =>
    new Promise((resolve, reject) => {
      const stop = (): void => reject(signal.reason as Error)
      if (signal.aborted) return stop()
      signal.addEventListener('abort', stop, { once: true })
      stream.write(chunk, (error) => {
        // An error also comes as an event, which aborts the signal.
        if (error) return
        signal.removeEventListener('abort', stop)
        resolve()
      })
    })

  return {
    json,
    bytes: write,
    result: (data, text) => write(json ? `${toJson(data)}\n` : text === '' ? '' : `${printableLines(text)}\n`),
  }
}

function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}
