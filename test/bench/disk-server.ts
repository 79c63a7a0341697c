/** Gives the file that it is started with to whoever asks, and its digest as PATH.sha256; prints its port. */
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const [path = '', digest = ''] = process.argv.slice(2)
const { size } = statSync(path)
const server = createServer((request, response) => {
  if (request.url?.endsWith('.sha256')) response.end(readFileSync(digest))
  else if (request.url === '/disk.qcow2') {
    response.writeHead(200, { 'content-length': size, etag: '"1"' })
    createReadStream(path, { highWaterMark: 2 ** 18 }).pipe(response)
  } else response.writeHead(404).end()
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
