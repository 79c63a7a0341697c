/** A Unix socket that listens for one test and does to each client what the test says. */
import { createServer, type Socket } from 'node:net'
import { once } from 'node:events'

interface Test {
  teardown(clean: () => Promise<void>): unknown
}

export async function listenOnSocket(t: Test, path: string, serve: (client: Socket) => void): Promise<void> {
  const clients = new Set<Socket>()
  const server = createServer((client) => {
    clients.add(client)
    client.on('close', () => clients.delete(client))
    // A client that goes while it is written to is what some tests are about.
    client.on('error', () => {})
    serve(client)
  })
  server.listen(path)
  await once(server, 'listening')
  t.teardown(async () => {
    for (const client of clients) client.destroy()
    server.close()
    await once(server, 'close')
  })
}
