/** Plays QEMU's end of a QMP socket: greets, and answers each command as the test says. */
import type { Socket } from 'node:net'
import { LineSplitter } from '../../policy/wire.ts'
import { listenOnSocket } from './socket-server.ts'

export interface QmpCommand {
  readonly execute: string
  readonly arguments?: Record<string, unknown>
  readonly id: unknown
}

/** What QEMU 7.2 says first. */
export const GREETING = { QMP: { version: { qemu: { micro: 22, minor: 2, major: 7 }, package: '' }, capabilities: ['oob'] } }

export interface FakeQmp {
  /** All that clients have asked, qmp_capabilities included. */
  readonly commands: QmpCommand[]
  /** Sends one JSON text, or the bytes as they are, to the client that came last. */
  send(message: object | Uint8Array): void
  /** Hangs up on the client that came last. */
  hangUp(): void
}

/**
 * Listens at `path`. `answer` gives the message or messages to send for a command; capabilities are agreed to unasked.
 * `greeting: false` accepts and stays silent, as QEMU does with a second client.
 */
export async function startFakeQmp(
  t: { teardown(clean: () => Promise<void>): unknown },
  path: string,
  { greeting = true, answer = () => [] }: { greeting?: boolean; answer?: (command: QmpCommand) => object | object[] } = {},
): Promise<FakeQmp> {
  const commands: QmpCommand[] = []
  let client: Socket | undefined
  const send = (message: object | Uint8Array): void => {
    client?.write(message instanceof Uint8Array ? message : `${JSON.stringify(message)}\r\n`)
  }
  await listenOnSocket(t, path, (socket) => {
    client = socket
    const splitter = new LineSplitter()
    socket.on('data', (chunk: Buffer) => {
      for (const frame of splitter.push(chunk)) {
        if (frame.kind !== 'line') continue
        const command = JSON.parse(frame.text) as QmpCommand
        commands.push(command)
        const answers = command.execute === 'qmp_capabilities' ? { return: {}, id: command.id } : answer(command)
        for (const message of [answers].flat()) send(message)
      }
    })
    if (greeting) send(GREETING)
  })
  return { commands, send, hangUp: () => void client?.end() }
}
