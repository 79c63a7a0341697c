/**
 * A program for tests, in the place of guests. `echo ADDRESS PORT` prints "ready" and sends every datagram back.
 * `send ADDRESS PORT OCTETS` sends one of that payload every 5 ms and prints how many there were after each 20, until its
 * standard input ends; then it waits for answers and prints, as JSON, how many it sent and which of them got none.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

const [role, address = '', port, octets] = process.argv.slice(2)
const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')

if (role === 'echo') {
  socket.on('message', (message, from) => socket.send(message, from.port, from.address))
  socket.bind(Number(port), address)
  await once(socket, 'listening')
  process.stdout.write('ready\n')
} else {
  const answers = new Set<number>()
  socket.on('message', (message) => answers.add(message.readUInt32BE()))
  let isOver = false
  process.stdin.resume().once('end', () => (isOver = true))
  let sent = 0
  for (; !isOver; sent++) {
    const message = Buffer.alloc(Number(octets))
    message.writeUInt32BE(sent)
    socket.send(message, Number(port), address)
    if (sent % 20 === 19) process.stdout.write(`${sent + 1}\n`)
    await delay(5)
  }
  for (let wait = 0; wait < 100 && answers.size < sent; wait++) await delay(50)
  const lost = Array.from({ length: sent }, (_, number) => number).filter((number) => !answers.has(number))
  process.stdout.write(`${JSON.stringify({ sent, lost })}\n`)
  socket.close()
}
