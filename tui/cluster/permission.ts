/** Which of the daemon's methods others may call over the broker. Pure. */
import type { BrokerConfig } from '../../policy/broker/config.ts'
import { methods, type MethodName } from '../../policy/api/index.ts'
import type { Method } from '../../policy/api/method.ts'
import type { ErrorName } from '../../policy/errors.ts'

export interface Refusal {
  readonly name: Extract<ErrorName, 'ACCESS_DENIED' | 'METHOD_NOT_FOUND'>
  readonly message: string
  readonly hint: string
}

/** They change what a connection carries, and here there is none. */
const OF_A_CONNECTION: ReadonlySet<string> = new Set(['events.subscribe', 'events.unsubscribe', 'stats.subscribe', 'stats.unsubscribe'])
/** They read and write files of the host that runs them. */
const OF_FILES: ReadonlySet<string> = new Set(['image.import', 'image.build', 'vm.export'])
/** Whoever reads along on the broker would have the secret of the VPN. */
const OF_SECRETS: ReadonlySet<string> = new Set(['vpn.invite', 'vpn.join', 'vpn.accept'])

/** `undefined` where the method may be called. */
export function refuseRemote(name: string, remote: BrokerConfig['remote']): Refusal | undefined {
  if (!Object.hasOwn(methods, name)) {
    return { name: 'METHOD_NOT_FOUND', message: `There is no method ${JSON.stringify(name.slice(0, 64))}`, hint: 'rpc.discover describes those of the daemon' }
  }
  const method: Method = methods[name as MethodName]
  if (method.upgrade || OF_A_CONNECTION.has(name)) return denied(`${name} needs a connection to the daemon`, 'ask on the host itself')
  if (OF_FILES.has(name)) return denied(`${name} names files of the host`, 'ask on the host itself')
  if (OF_SECRETS.has(name)) return denied(`${name} carries the secret of a VPN`, 'hosts that have pinned each other exchange it by themselves, sealed')
  if (remote === 'none') return denied('This host takes no methods over the broker', '"remote" in its broker.json permits them')
  if (remote === 'observe' && method.access === 'control') return denied(`${name} changes things, and this host lets the broker only observe`, '"remote": "control" in its broker.json permits it')
  return undefined
}

function denied(message: string, hint: string): Refusal {
  return { name: 'ACCESS_DENIED', message, hint }
}
