/** Plays QEMU's end of a guest agent's port with an agent behind it, well-behaved or as hostile as the test says. */
import type { Socket } from 'node:net'
import { listenOnSocket } from './socket-server.ts'

export interface AgentCommand {
  readonly execute: string
  readonly arguments?: Record<string, unknown>
}

export interface FakeAgent {
  /** All that was asked, syncs left out. */
  readonly commands: AgentCommand[]
  /** How many connections there were. */
  readonly connections: () => number
  /** How many are open. */
  readonly open: () => number
}

/** What the agent sends for a command: a JSON text, bytes as they are, or nothing. */
type Reply = object | Uint8Array | undefined
/** Has the socket for tests that close it, or send what does not fit a reply. */
type Answer = (command: AgentCommand, client: Socket) => Reply

/**
 * Listens at `path`. It answers guest-sync-delimited as qemu-ga does, or with `hearsSync` leaves that to `answer` as well; `hello`
 * is what a client finds waiting, such as the rest of an answer that somebody else did not wait for.
 */
export async function startFakeAgent(
  t: { teardown(clean: () => Promise<void>): unknown },
  path: string,
  answer: Answer,
  { hello, hearsSync = false }: { hello?: Uint8Array; hearsSync?: boolean } = {},
): Promise<FakeAgent> {
  const commands: AgentCommand[] = []
  let connections = 0
  let open = 0
  await listenOnSocket(t, path, (client) => {
    connections += 1
    open += 1
    client.on('close', () => (open -= 1))
    if (hello) client.write(hello)
    let rest = ''
    client.setEncoding('latin1').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const command = JSON.parse(Buffer.from(line.replaceAll('\xff', ''), 'latin1').toString()) as AgentCommand
        const isSync = command.execute === 'guest-sync-delimited'
        if (!isSync) commands.push(command)
        const reply = isSync && !hearsSync ? syncReply(command.arguments?.['id']) : answer(command, client)
        if (reply) client.write(reply instanceof Uint8Array ? reply : `${JSON.stringify(reply)}\n`)
      }
    })
  })
  return { commands, connections: () => connections, open: () => open }
}

/** The answer to guest-sync-delimited: one byte 0xff ahead of it. */
export function syncReply(id: unknown): Uint8Array {
  return Buffer.from(`\xff{"return": ${JSON.stringify(id)}}\n`, 'latin1')
}
