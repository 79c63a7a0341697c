/**
 * `aetherscale vpn invite|join|accept`: tokens go from host to host, so they alone are on stdout, and `-` reads one from stdin:
 * aetherscale vpn invite blue | ssh b aetherscale vpn join - | aetherscale vpn accept -
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Result } from '../../../policy/api/index.ts'
import { printJson, printLines, printNote, type Io } from '../io.ts'
import type { Values } from '../parse.ts'
import type { Request } from '../request.ts'
import { UsageError } from '../usage-error.ts'
import { leaveOnInterrupt, withClient } from './session.ts'
import { readStdin } from './stdin.ts'

/** Characters; the contract's own limit, which to load would cost the schemas. */
const TOKEN_LIMIT = 65_536

export async function runInvite(request: Request): Promise<number> {
  const { io, globals } = request
  const result = (await call(request, request.requests[0]!)) as Result<'vpn.invite'>
  if (globals.json) printJson(io, result)
  else printLines(io.stdout, [result.token])
  printNote(io, globals, `good until ${result.expiresAt}; whoever has it can join: on the other host, aetherscale vpn join TOKEN`)
  return 0
}

/** What the options say: see own-commands.ts for that which the contract does not have. */
interface JoinOptions {
  readonly token: string
  readonly 'answer-to'?: readonly string[]
}

export async function runJoin(request: Request): Promise<number> {
  const { io, globals } = request
  const { 'answer-to': hosts = [], ...params } = request.requests[0] as Values & JoinOptions
  const result = (await call(request, { ...params, token: await readToken(io, params.token) })) as Result<'vpn.join'>
  const { vpn, answer, hosts: others } = result
  const left: string[] = []
  for (const host of hosts) {
    if (await handOver(io, host, answer)) printNote(io, globals, `${host} has taken the answer`)
    else left.push(host)
  }
  if (globals.json) printJson(io, result)
  else if (hosts.length === 0 || left.length > 0) printLines(io.stdout, [answer])
  printNote(io, globals, `joined VPN ${vpn.name} (${vpn.prefix}) as ${vpn.host.name}`)
  if (hosts.length === 0) printNote(io, globals, `to do on ${others.join(' and ')}: aetherscale vpn accept ANSWER, which is the line on stdout`)
  if (left.length > 0) printNote(io, globals, `not taken by ${left.join(' and ')}; there: aetherscale vpn accept ANSWER, which is the line on stdout`)
  return left.length > 0 ? 1 : 0
}

export async function runAccept(request: Request): Promise<number> {
  const { io, globals } = request
  const { answer } = request.requests[0] as { answer: string }
  const result = (await call(request, { answer: await readToken(io, answer) })) as Result<'vpn.accept'>
  if (globals.json) printJson(io, result)
  else printLines(io.stdout, [globals.quiet ? result.peer.name : `${result.peer.name} is in VPN ${result.vpn}: ${result.peer.fingerprint}`])
  return 0
}

function call({ io, globals, command }: Request, params: Values): Promise<unknown> {
  return leaveOnInterrupt(io, globals, { goesOn: command.words.join(' ') }, () =>
    withClient(io, globals, 'control', (client) => client.callAny(command.method ?? '', params, {})),
  )
}

async function readToken(io: Io, token: string): Promise<string> {
  if (token !== '-') return token
  const text = (await readStdin(io, TOKEN_LIMIT, () => new UsageError('stdin has more than a token may be long'))).toString('latin1')
  if (text.trim() === '') throw new UsageError('there is no token on stdin', 'the command before it in the pipe may have failed')
  return text
}

/** Has another host take an answer; ssh(1) itself says why not. Answers whether it did. */
async function handOver({ stderr }: Io, host: string, answer: string): Promise<boolean> {
  const child = spawn('ssh', ['--', host, 'aetherscale vpn accept --quiet -'], { stdio: ['pipe', 'ignore', 'inherit'] })
  // That it reads no more is told by how it ends.
  child.stdin.on('error', () => undefined)
  child.stdin.end(`${answer}\n`)
  try {
    const [status] = (await once(child, 'close')) as [number | null]
    return status === 0
  } catch (error) {
    stderr.write(`aetherscale: ssh could not be run: ${(error as Error).message}\n`)
    return false
  }
}
