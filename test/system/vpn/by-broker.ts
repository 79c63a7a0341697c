/**
 * Two hosts on one wire with a RabbitMQ between them, joined as README says: a belongs to alice alone, b was set up for a group
 * that carol is in, with a daemon whose user is nobody's.
 */
import type { Test } from 'tap'
import type { Vm } from '../../../policy/api/vm.ts'
import type { Namespace } from '../../helper/namespace.ts'
import { startRabbitElsewhere, type TestRabbit } from '../../inputs/rabbitmq.ts'
import { eventually } from '../daemon.ts'
import { addTenant } from '../tenant.ts'
import type { Pinging } from './ping.ts'
import { networkOf } from './scene.ts'
import { layWire, openWire, type WiredHost } from './wire.ts'

const PREFIX = 'fd5e:a1ce::/48'
const RABBIT = { address: '10.99.0.254', username: 'cloud', password: 'among-hosts' } as const

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface BrokeredHost {
  readonly name: 'a' | 'b'
  readonly host: WiredHost
  /** Runs a command as whoever uses it. */
  run(...argv: string[]): Ended
  /** They type `aetherscale`; it goes into the transcript. */
  type(t: Test, ...words: string[]): Ended
  /** The same with `--json`; throws where it fails. */
  ask<T>(t: Test, ...words: string[]): T
  /** A command line of sh(1) as the daemon's user. */
  asOwner(line: string): string
  /** systemctl(1), for the services of the daemon's user. */
  systemctl(words: string): string
}

/** One of its VMs, which is on a VPN. */
export interface Guest extends Pinging {
  readonly vm: string
  /** On the VPN, as the daemon has computed it. */
  address(): string
}

export interface Brokered {
  readonly wire: Namespace
  /** As whoever is on the wire reaches it. */
  readonly rabbit: Omit<TestRabbit, 'connect'>
  readonly url: string
  readonly a: BrokeredHost
  readonly b: BrokeredHost
}

export async function openBrokered(t: Test): Promise<Brokered> {
  const wire = await layWire(t, RABBIT.address)
  const [rabbit, hosts] = await Promise.all([startRabbitElsewhere(t, { ...RABBIT, pid: wire.pid }), openWire(t, ['t-vpnb-a', 't-vpnb-b'], wire)])
  const [a, b] = [setUpForAlice(hosts[0]!), setUpForGroup(hosts[1]!)]
  for (const each of [a, b]) {
    const image = await each.host.putTinyImage()
    each.host.sh(`echo '${RABBIT.address} rabbit' >>/etc/hosts`)
    each.ask(t, 'image', 'import', image, '--name', 'tiny')
  }
  return { wire, rabbit, url: `amqp://${RABBIT.username}:${RABBIT.password}@${RABBIT.address}`, a, b }
}

function setUpForAlice(host: WiredHost): BrokeredHost {
  const { sh } = addTenant(host, 'alice', `--prefix ${PREFIX}`)
  return makeHost('a', host, 'alice', { asOwner: sh, systemctl: (words) => sh(`systemctl --user ${words}`) })
}

function setUpForGroup(host: WiredHost): BrokeredHost {
  host.sh(`useradd --create-home carol; aetherscale setup --yes --prefix ${PREFIX} --member carol`)
  return makeHost('b', host, 'carol', {
    // a box has no sudo(8)
    asOwner: (line) => host.sh(`runuser -u aetherscale -- sh -ec 'cd; ${line.replaceAll("'", "'\\''")}'`),
    systemctl: (words) => host.sh(`systemctl --user -M aetherscale@ ${words}`),
  })
}

function makeHost(name: 'a' | 'b', host: WiredHost, person: string, owner: Pick<BrokeredHost, 'asOwner' | 'systemctl'>): BrokeredHost {
  const run: BrokeredHost['run'] = (...argv) => host.as(person, argv)
  const type: BrokeredHost['type'] = (t, ...words) => {
    const ended = run('aetherscale', ...words)
    for (const line of [`${person}@${name}$ aetherscale ${words.join(' ')}`, ...`${ended.stdout}${ended.stderr}`.trimEnd().split('\n')]) t.comment(line.slice(0, 240))
    return ended
  }
  return {
    name,
    host,
    run,
    type,
    ask<T>(t: Test, ...words: string[]) {
      const { status, stdout, stderr } = type(t, '--json', ...words)
      if (status !== 0) throw new Error(`${words.join(' ')}: ${String(status)}: ${stderr}`)
      return JSON.parse(stdout) as T
    },
    ...owner,
  }
}

/** Tells the host of the RabbitMQ, and joins it there; it is full with one VM. */
export function joinBroker({ name, asOwner, systemctl }: BrokeredHost): void {
  const config = { url: 'amqp://rabbit', username: RABBIT.username, host: name, remote: 'control', limits: { vms: 1 }, legacy: { memoryMiB: 96 } }
  asOwner(`umask 077; echo ${RABBIT.password} >.rabbit-password`)
  asOwner(`umask 077; echo '${JSON.stringify(config).slice(0, -1)}, "passwordFile": "'$HOME'/.rabbit-password"}' >.config/aetherscale/broker.json`)
  systemctl('enable --now aetherscale-broker')
}

export function openGuest({ name, run }: BrokeredHost, vm: string): Guest {
  return {
    name,
    vm,
    address: () => networkOf(JSON.parse(run('aetherscale', '--json', 'vm', 'get', vm).stdout) as Vm).address ?? '',
    inGuest(line) {
      const { status, stdout, stderr } = run('aetherscale', 'vm', 'exec', vm, '--timeout', '60', '--', 'sh', '-ec', line)
      if (status !== 0) throw new Error(`${vm}: ${line}: ${String(status)}: ${stderr}${stdout}`)
      return stdout.trimEnd()
    },
  }
}

export interface HostRow {
  readonly host: string
  readonly connected: boolean
  readonly takes: boolean
  readonly trust: string
}

/** What `host list` says on a host's own machine, once it is as it should be. */
export async function hostsOnce(t: Test, { name, asOwner }: BrokeredHost, isRight: (rows: readonly HostRow[]) => boolean): Promise<readonly HostRow[]> {
  let said = ''
  await eventually(
    () => {
      said = asOwner('aetherscale --json host list 2>/dev/null || true')
      return said !== '' && isRight((JSON.parse(said) as { hosts: HostRow[] }).hosts)
    },
    () => `the hosts that ${name} lists: ${said}`,
  )
  t.comment(`${name}$ aetherscale host list`)
  for (const line of asOwner('aetherscale host list').split('\n')) t.comment(line)
  return (JSON.parse(said) as { hosts: HostRow[] }).hosts
}
