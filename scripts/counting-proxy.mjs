// A forward proxy that counts what it carries; `scripts/fresh-clone.sh` measures downloads with it.
// Prints its URL, and on SIGTERM the number of bytes that came in. Plain JavaScript: it runs before anything is installed.
import { createServer } from 'node:http'
import { connect } from 'node:net'

let received = 0
const proxy = createServer((_, response) => response.writeHead(501).end())
proxy.on('connect', (request, client, head) => {
  const { hostname, port } = new URL(`tcp://${request.url}`)
  const server = connect(Number(port), hostname, () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n')
    if (head.length > 0) server.write(head)
    client.pipe(server)
    server.pipe(client)
  })
  server.on('data', (bytes) => (received += bytes.length))
  const end = () => {
    client.destroy()
    server.destroy()
  }
  server.on('error', end).on('close', end)
  client.on('error', end).on('close', end)
})
proxy.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${proxy.address().port}`))
process.on('SIGTERM', () => {
  console.log(received)
  process.exit(0)
})
