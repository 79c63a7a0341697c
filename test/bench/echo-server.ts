/** The baseline of the socket rows: a server that parses each line as JSON and sends it back, and nothing else. */
import { createServer } from 'node:net'

createServer((socket) => {
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) socket.write(`${JSON.stringify(JSON.parse(line))}\n`)
  })
}).listen(process.argv[2], () => {
  process.stdout.write('ready\n')
})
