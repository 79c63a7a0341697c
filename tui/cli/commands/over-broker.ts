/** Commands with `--cluster` or `--host`: the same as on this host, asked of others over the broker. */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { COMPUTING } from '../../../policy/broker/topology.ts'
import { UserError } from '../../../policy/errors.ts'
import { RpcError } from '../../connection-error.ts'
import { askOne } from '../../cluster/ask-one.ts'
import type { HostResponse } from '../../cluster/asker.ts'
import { ClusterError } from '../../cluster/cluster-error.ts'
import { gather } from '../../cluster/gather.ts'
import { readPins } from '../../cluster/keys/pins.ts'
import type { Json } from '../command-table.ts'
import { printJson, printNote } from '../io.ts'
import type { Values } from '../parse.ts'
import type { Request } from '../request.ts'
import { UsageError } from '../usage-error.ts'
import { withBroker, type BrokerSession } from './broker-session.ts'
import { printFailure, printResult } from './call.ts'
import { anyhow, printGathered } from './gathered.ts'
import { leaveOnInterrupt } from './session.ts'
import { specialCommands } from './special-commands.ts'

/** What is only looked up. */
const LOOK_S = 5
/** What is done: a guest has a minute to power down, a large disk takes some to be copied. */
const WORK_S = 600
/** How long a request to make a VM is offered to hosts. */
const CREATE_S = 60
/** Whoever takes it at the last moment still makes it. */
const MAKING_S = 60

/** More than a request and its answer, but the answer is all that is wanted here. */
const ASKED_PLAINLY: ReadonlySet<string> = new Set(['doctor'])

export async function runOverBroker(request: Request): Promise<number> {
  const { io, globals, command, requests } = request
  const words = command.words.join(' ')
  if (command.method === undefined || ((specialCommands as readonly string[]).includes(words) && !ASKED_PLAINLY.has(words))) {
    throw new UsageError(`${words} does not go over the broker`, 'run it on the host itself')
  }
  const isCreate = command.method === 'vm.create'
  const isOfVm = command.positionals[0]?.completes === 'vm'
  if (globals.host === undefined && command.access === 'control' && !isCreate && !isOfVm) {
    throw new UsageError(`${words} is for one host`, 'say which: --host NAME; see: aetherscale host list')
  }
  const goesOn = command.access === 'control' ? { goesOn: words } : {}
  return await leaveOnInterrupt(io, globals, goesOn, () =>
    withBroker(io, globals, async (session) => {
      if (globals.host === undefined && !isOfVm && !isCreate) return await askAll(session, request)
      const statuses: number[] = []
      for (const params of requests) statuses.push(await carryOut(session, request, params, isCreate).catch((error: unknown) => printFailure(request, error)))
      return statuses.find((status) => status !== 0) ?? 0
    }),
  )
}

/** Of one host's answer, whichever that is. */
async function carryOut(session: BrokerSession, request: Request, params: Values, isCreate: boolean): Promise<number> {
  const { io, globals } = request
  if (globals.host !== undefined) return printAnyhow(request, params, (await ask(session, request, globals.host, params)) as Json)
  const host = isCreate ? undefined : await locate(session, request, params['vm'] as string)
  const response = host === undefined ? await offer(session, request, params) : { host, result: await ask(session, request, host, params) }
  if (globals.json) printJson(io, { hosts: { [response.host]: { result: response.result } }, missing: [] })
  else printAnyhow(request, params, response.result as Json)
  printNote(io, globals, `on host ${response.host}`)
  return 0
}

function printAnyhow(request: Request, params: Values, result: Json): number {
  return anyhow(request.command, (command) => printResult({ ...request, command }, params, result))
}

function ask({ asker }: BrokerSession, { globals, command }: Request, host: string, params: Values): Promise<unknown> {
  const isWork = command.access === 'control' || command.method === 'vm.wait'
  const answersMs = (globals.within ?? (isWork ? WORK_S : LOOK_S)) * 1000
  return askOne(asker, host, { method: command.method ?? '', params, waitsMs: Math.min(answersMs, LOOK_S * 1000), answersMs })
}

async function askAll({ asker, folder }: BrokerSession, request: Request): Promise<number> {
  const { globals, command, requests } = request
  const gathered = await gather(asker, { method: command.method ?? '', params: requests[0] ?? {} }, (globals.within ?? LOOK_S) * 1000, [...readPins(folder).keys()])
  return printGathered(request, gathered)
}

/** The host that has the VM. An id is of one VM alone; a name may be that of another one on a host that does not answer. */
async function locate({ asker, folder }: BrokerSession, { globals, command }: Request, vm: string): Promise<string> {
  const { responses, missing } = await gather(asker, { method: 'vm.get', params: { vm } }, Math.min(globals.within ?? LOOK_S, LOOK_S) * 1000, [...readPins(folder).keys()])
  const found = responses.flatMap((response) => ('result' in response ? [{ host: response.host, id: (response.result as { id?: unknown } | null)?.id }] : []))
  const hint = 'say which is meant: --host NAME, or the id of the VM'
  if (found.length > 1) throw new ClusterError('conflict', `VM "${vm}" is on the hosts ${found.map(({ host }) => host).join(' and ')}`, { hint })
  if (found[0] !== undefined) {
    const isSure = command.access !== 'control' || missing.length === 0 || found[0].id === vm
    if (isSure) return found[0].host
    throw new ClusterError('timeout', `VM "${vm}" is on host ${found[0].host}, and perhaps another one on ${missing.join(' or ')}: no answer`, { hint })
  }
  const silent = responses.flatMap((response) => ('error' in response && nameOf(response) !== 'VM_NOT_FOUND' ? [`${response.host} (${response.error.message})`] : []))
  const unsure = [...missing.map((host) => `${host} (no answer)`), ...silent]
  throw new UserError('VM_NOT_FOUND', `No host that answers has a VM "${vm}"`, unsure.length > 0 ? { hint: `It is not known of ${unsure.join(', ')}` } : {})
}

const nameOf = ({ error }: Extract<HostResponse, { error: unknown }>): string | undefined => error.data?.name

/** To whichever host takes it first. */
async function offer({ asker, warnOfLoss }: BrokerSession, { globals }: Request, params: Values): Promise<{ readonly host: string; readonly result: unknown }> {
  const id = typeof params['requestId'] === 'string' ? params['requestId'] : randomUUID()
  const seconds = globals.within ?? CREATE_S
  const { promise, resolve, reject } = Promise.withResolvers<HostResponse>()
  promise.catch(() => undefined)
  const hint = `asking again is safe with --request-id ${id}`
  warnOfLoss(`a host may have made the VM all the same; ${hint}`)
  const { end } = await asker.ask(
    { method: 'vm.create', params: { ...params, requestId: id }, to: { exchange: COMPUTING, key: 'create-vm' }, waitsMs: seconds * 1000, messageId: id },
    { onResponse: resolve, onNobody: () => reject(new ClusterError('unreachable', 'no host has ever joined this broker', { hint: 'on each: aetherscale broker' })) },
  )
  const over = new AbortController()
  try {
    const late = delay((seconds + MAKING_S) * 1000, undefined, { signal: over.signal, ref: false })
    const response = await Promise.race([promise, late])
    if (!response) {
      throw new ClusterError('timeout', `no host has answered within ${seconds + MAKING_S} s; one may have made the VM all the same`, { hint })
    }
    if ('error' in response) throw new RpcError(response.error)
    return response
  } finally {
    over.abort()
    end()
    warnOfLoss(undefined)
  }
}
