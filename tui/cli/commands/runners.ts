/** Everything that talks to the daemon, behind one lazy import: help and usage errors load neither sockets nor JSON-RPC. */
import type { Globals } from '../parse.ts'
import type { Request } from '../request.ts'
import { runBroker } from './broker.ts'
import { runCall } from './call.ts'
import { runConsole } from './console.ts'
import { runCopyIn } from './copy-in.ts'
import { runCopyOut } from './copy-out.ts'
import { runDoctor } from './doctor.ts'
import { runEvents } from './events.ts'
import { runExec } from './exec.ts'
import { runHttp } from './http.ts'
import { runInitLog, runLog } from './log.ts'
import { runRpc } from './rpc.ts'
import { runSetup } from './setup.ts'
import type { SpecialCommand } from './special-commands.ts'
import { runAccept, runInvite, runJoin } from './vpn-token.ts'

export { offerCompletions } from '../completion/offer.ts'

/** Carries a command out and answers with the exit status. */
export type Runner = (request: Request) => Promise<number>

const special: Readonly<Record<SpecialCommand, Runner>> = {
  'vm console': runConsole,
  'vm copy-in': runCopyIn,
  'vm copy-out': runCopyOut,
  'vm exec': runExec,
  'vm log': runLog,
  'vm init-log': runInitLog,
  'vpn invite': runInvite,
  'vpn join': runJoin,
  'vpn accept': runAccept,
  events: runEvents,
  doctor: runDoctor,
  rpc: runRpc,
  setup: runSetup,
  // What is of many hosts reads what they say by the schemas, which no other command loads.
  'host list': async (request) => (await import('./host.ts')).runHostList(request),
  'host key': async (request) => (await import('./host.ts')).runHostKey(request),
  'host trust': async (request) => (await import('./host.ts')).runHostTrust(request),
  'host untrust': async (request) => (await import('./host.ts')).runHostUntrust(request),
  broker: runBroker,
  http: runHttp,
}

export function chooseRunner(words: readonly string[], { cluster, host }: Pick<Globals, 'cluster' | 'host'>): Runner {
  if ((cluster || host !== undefined) && words[0] !== 'host') return async (request) => (await import('./over-broker.ts')).runOverBroker(request)
  return (special as Readonly<Record<string, Runner>>)[words.join(' ')] ?? runCall
}
