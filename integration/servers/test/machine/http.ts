import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'

// Serves its name on a machine, says its URL, and says what comes back from each URL that it is told: the text, or the error's code.

const [host, name] = process.argv.slice(2) as [string, string]
const server = createServer((_, response) => response.end(name)).listen(0, host, () => {
  console.log(JSON.stringify(`http://${host}:${(server.address() as AddressInfo).port}`))
})
for await (const line of createInterface({ input: process.stdin })) {
  const answer = await fetch(JSON.parse(line) as string, { signal: AbortSignal.timeout(2000) }).then(
    (response) => response.text(),
    ({ name: kind, cause }: Error) => (cause as NodeJS.ErrnoException | undefined)?.code ?? kind,
  )
  console.log(JSON.stringify(answer))
}
