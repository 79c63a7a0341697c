/** A user of a host in a box who has a daemon and helper socket of their own, and what they ask of them and of their systemd. */
import { setTimeout as delay } from 'node:timers/promises'
import { GROUP } from '../../helper/names.ts'
import type { MethodName, ParamsInput, Result } from '../../policy/api/index.ts'
import type { Vm } from '../../policy/api/vm.ts'
import type { ErrorData } from '../../policy/errors.ts'
import { ask } from './helper-box.ts'
import type { Host } from './host-box.ts'

/** Only bounds a wait that should end long before. */
const WITHIN_MS = 180_000

export interface Tenant {
  readonly name: string
  readonly uid: number
  /** Asks the daemon by socat(1); throws what it answers as an error. */
  call<M extends MethodName>(method: M, params: ParamsInput<M>): Result<M>
  /** The error that it answers; throws if it answers none. */
  refusal<M extends MethodName>(method: M, params: ParamsInput<M>): Pick<ErrorData, 'name'> & { readonly message: string }
  /** Asks for the VM until it is as it should be; throws how it is after a while. */
  vmOnce(vm: string, isRight: (vm: Vm) => boolean): Promise<Vm>
  /** Types a line into the guest until `isDone`, a command line of sh(1) that waits a little each time, succeeds. */
  type(vm: string, line: string, isDone: string): void
  /** Runs a command line of sh(1) in the user's session. */
  sh(line: string): string
  /** Properties of a unit of the user's manager. */
  show(unit: string, ...properties: string[]): Record<string, string>
  /** The links of the user's, as the kernel has them. */
  links(): Link[]
  /** What the helper answers on the user's socket. */
  helper(method: string, params?: object): ReturnType<typeof ask>
}

export interface Link {
  readonly ifname: string
  /** `bridge:NETWORK` or `tap:VM.NIC`. */
  readonly what: string
  /** Whether somebody holds it open. */
  readonly hasCarrier: boolean
  readonly master?: string
}

interface Answer {
  readonly id?: number
  readonly result?: unknown
  readonly error?: { readonly message: string; readonly data: ErrorData }
}

/** `options` are those of `aetherscale setup --user`. */
export function addTenant(host: Host, name: string, ...options: string[]): Tenant {
  const uid = host.addUser(name)
  host.sh(`SUDO_UID=${uid} aetherscale setup --user --yes ${options.join(' ')}`)
  const sh = (line: string): string => host.shAs(name, line)

  const request = (method: string, params: object): Answer => {
    const text = `${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`
    const { stdout, stderr } = host.as(name, ['socat', '-t', '300', '-', `UNIX-CONNECT:/run/user/${uid}/aetherscale/control.sock`], text)
    const answers = stdout.trimEnd().split('\n').filter(Boolean).map((line) => JSON.parse(line) as Answer)
    const answer = answers.find(({ id }) => id === 1)
    if (!answer) throw new Error(`${method} of ${name}: no answer: ${stderr}${stdout}`)
    return answer
  }

  const tenant: Tenant = {
    name,
    uid,
    sh,
    call<M extends MethodName>(method: M, params: ParamsInput<M>) {
      const { result, error } = request(method, params)
      if (error) throw new Error(`${method} of ${name}: ${error.data.name}: ${error.message}`)
      return result as Result<M>
    },
    refusal(method, params) {
      const { result, error } = request(method, params)
      if (!error) throw new Error(`${method} of ${name} was not refused: ${JSON.stringify(result)}`)
      return { name: error.data.name, message: error.message }
    },
    async vmOnce(vm, isRight) {
      let seen: Vm
      for (const until = Date.now() + WITHIN_MS; !isRight((seen = tenant.call('vm.get', { vm }))); await delay(100)) {
        if (Date.now() > until) throw new Error(`VM ${vm} is still so: ${JSON.stringify(seen)}`)
      }
      return seen
    },
    type(vm, line, isDone) {
      const join = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'vm.console', params: { vm } })
      // What is typed before the shell is there is lost, as is what the guest has not read when the console is left.
      sh(`
        { echo '${join}'
          until printf '\\n%s\\n' '${line}' && { ${isDone}; } >/dev/null 2>&1; do :; done
        } | socat - UNIX-CONNECT:$XDG_RUNTIME_DIR/aetherscale/control.sock`)
    },
    show(unit, ...properties) {
      const lines = sh(`systemctl --user show --property=${properties.join()} ${unit}`).split('\n')
      return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
    },
    links() {
      const links = JSON.parse(host.sh(`ip -json link show group ${GROUP}`) || '[]') as { ifname: string; ifalias?: string; master?: string; flags: string[] }[]
      const own = `aetherscale:${uid}:`
      // ip(8) prints an empty object for each link of another group
      return links
        .map(({ ifalias = '', ...link }) => ({ ifalias, ...link }))
        .filter(({ ifalias }) => ifalias.startsWith(own))
        .map(({ ifname, ifalias, flags, ...rest }) => ({ ifname, what: ifalias.slice(own.length), hasCarrier: flags.includes('LOWER_UP'), ...(rest.master !== undefined && { master: rest.master }) }))
    },
    helper: (method, params) => ask(host, name, uid, method, params),
  }
  return tenant
}

/** The unit of a VM. */
export function unitOf({ id }: { readonly id: string }): string {
  return `aetherscale-vm-${id}.service`
}
