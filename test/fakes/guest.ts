/**
 * A guest whose processes and files are this machine's: an agent that does what qemu-ga does, and around it as much of a
 * VM as a conversation with it needs.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import type { ErrorName } from '../../policy/errors.ts'
import { createGuestAgent } from '../../daemon/qemu/agent.ts'
import type { GuestDependencies } from '../../daemon/guest/session.ts'
import type { Live } from '../../daemon/vm/live.ts'
import type { Entry } from '../../daemon/vm/table.ts'
import { startFakeAgent, type AgentCommand, type FakeAgent } from './agent-server.ts'
import { makeFolder } from './folder.ts'

type Teardown = Parameters<typeof startFakeAgent>[0] & Parameters<typeof makeFolder>[0]

export interface FakeGuest extends FakeAgent {
  readonly deps: GuestDependencies
  readonly entry: Entry
  readonly live: Live
  /** A folder for the files of the test. */
  readonly folder: string
  /** As QMP would tell: changes what is seen of the VM. */
  change(live: Partial<Live> | undefined): void
  /** Handles that are open. */
  readonly handles: ReadonlySet<number>
  /** Processes that nobody was told the end of. */
  readonly processes: ReadonlyMap<number, unknown>
}

interface Process {
  readonly out: Buffer[]
  readonly err: Buffer[]
  end?: { readonly exitcode: number } | { readonly signal: number }
}

interface ExecArguments {
  readonly path: string
  readonly arg: readonly string[]
  readonly env?: readonly string[]
  readonly 'input-data'?: string
}

/** What the commands about files take, each its part. */
interface FileArguments {
  readonly path: string
  readonly mode: string
  readonly handle: number
  readonly offset: number
  readonly count: number
  readonly 'buf-b64': string
}

/** `override` answers instead of the agent where it answers anything; `null` is silence. */
export async function startFakeGuest(
  t: Teardown,
  { override = () => undefined, timeoutMs = 60_000 }: { override?: (command: AgentCommand) => object | null | undefined; timeoutMs?: number } = {},
): Promise<FakeGuest> {
  const folder = makeFolder(t)
  const path = join(folder, 'agent.sock')
  const handles = new Set<number>()
  const processes = new Map<number, Process>()
  const children: ChildProcess[] = []
  t.teardown(() => {
    for (const child of children) child.kill('SIGKILL')
    return Promise.resolve()
  })

  const run = ({ path: program, arg, env, 'input-data': input = '' }: ExecArguments): object => {
    const child = spawn(program, arg, env ? { env: Object.fromEntries(env.map((pair) => pair.split(/=(.*)/s))) as Record<string, string> } : {})
    children.push(child)
    child.on('error', () => undefined)
    if (child.pid === undefined) return failure(`Failed to execute child process "${program}" (No such file or directory)`)
    const known: Process = { out: [], err: [] }
    processes.set(child.pid, known)
    child.stdin.on('error', () => undefined)
    child.stdin.end(Buffer.from(input, 'base64'))
    child.stdout.on('data', (chunk: Buffer) => known.out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => known.err.push(chunk))
    child.on('close', (code, signal) => (known.end = signal === null ? { exitcode: code ?? -1 } : { signal: constants.signals[signal] }))
    return { return: { pid: child.pid } }
  }

  const status = (pid: number): object => {
    const known = processes.get(pid)
    if (!known) return failure("Invalid parameter 'pid'")
    if (!known.end) return { return: { exited: false } }
    processes.delete(pid)
    const [out, err] = [Buffer.concat(known.out), Buffer.concat(known.err)]
    const data = { ...(out.length > 0 && { 'out-data': out.toString('base64') }), ...(err.length > 0 && { 'err-data': err.toString('base64') }) }
    return { return: { exited: true, ...known.end, ...data } }
  }

  const positions = new Map<number, number>()
  const useFile = (command: string, { path: file, mode, handle, offset, count, 'buf-b64': data }: FileArguments): object => {
    switch (command) {
      case 'guest-file-open': {
        const opened = openSync(file, mode.replace('b', ''))
        handles.add(opened)
        return { return: opened }
      }
      case 'guest-file-seek':
        positions.set(handle, offset)
        return { return: { position: offset, eof: false } }
      case 'guest-file-read': {
        const bytes = Buffer.alloc(count)
        const read = readSync(handle, bytes, 0, count, positions.get(handle) ?? null)
        return { return: { count: read, 'buf-b64': bytes.toString('base64', 0, read), eof: read < count } }
      }
      case 'guest-file-write':
        return { return: { count: writeSync(handle, Buffer.from(data, 'base64')), eof: false } }
      default:
        handles.delete(handle)
        positions.delete(handle)
        closeSync(handle)
        return { return: {} }
    }
  }

  const answer = (command: AgentCommand): object | undefined => {
    const forced = override(command)
    if (forced !== undefined) return forced ?? undefined
    const args: unknown = command.arguments
    try {
      if (command.execute === 'guest-exec') return run(args as ExecArguments)
      if (command.execute === 'guest-exec-status') return status((args as { pid: number }).pid)
      return useFile(command.execute, args as FileArguments)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      return failure(`failed: ${code === 'ENOENT' ? 'No such file or directory' : String(error)}`)
    }
  }

  const agent = await startFakeAgent(t, path, answer)
  const live = { pid: 1, paused: false, agent: 'connected' } as Live
  const entry = { id: 'adbvzwdf', record: { name: 'web' }, live } as unknown as Entry
  const listeners = new Set<(entry: Entry) => void>()
  const client = createGuestAgent(path, { timeoutMs })
  const agentOf: GuestDependencies['agent'] = () => ({
    ...client,
    // A long answer has a minute of its own, which no test is to wait for.
    execute: (command, args, options) => client.execute(command, args, { ...options, ...(options?.answerMs !== undefined && { answerMs: timeoutMs }) }),
  })
  const deps = {
    table: { onChange: (listener: (entry: Entry) => void) => (listeners.add(listener), () => void listeners.delete(listener)) },
    agent: agentOf,
    log: { info: () => undefined },
  } as unknown as GuestDependencies
  return {
    ...agent,
    deps,
    entry,
    live,
    folder,
    handles,
    processes,
    change(changes) {
      if (changes) Object.assign(live, changes)
      entry.live = changes && live
      for (const listener of listeners) listener(entry)
    },
  }
}

/** What an agent says that could not do it. */
export function failure(desc: string, errorClass = 'GenericError'): object {
  return { error: { class: errorClass, desc } }
}

/** What `t.rejects` and `t.throws` are to find: an error of the table. */
export function coded(name: ErrorName, data: Readonly<Record<string, unknown>> = {}, message = /./): { data: object; message: RegExp } {
  return { data: { name, ...data }, message }
}
