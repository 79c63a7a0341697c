/**
 * Hosts of a VPN, each a network namespace: `eth0` on a link that all share, a tap that stands for the bridge with the
 * guests, and a real tincd, without any privilege, with the configuration as the daemon renders it.
 */
import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import type { VpnRecord, VpnSecrets } from '../../../../daemon/vpn/record.ts'
import { renderTinc, TUNNEL_MTU } from '../../../../daemon/vpn/tinc/config.ts'
import { readNodes } from '../../../../daemon/vpn/tinc/nodes.ts'
import { makeFolder } from '../../../fakes/folder.ts'
import { openNamespace, type Namespace } from '../../../helper/namespace.ts'

type Child = ChildProcessByStdio<Writable, Readable, null>

export interface Host {
  ask(...argv: string[]): string
  spawn(...argv: string[]): Child
  /** Writes what has changed of the configuration, and starts tincd or has it read the new one. */
  configure(record: VpnRecord, secrets: VpnSecrets): Promise<void>
  /** What tincd has written. */
  log(): string
  signal(name: NodeJS.Signals): void
  /** tincd's log after it has written a whole list of its nodes that `isWanted`. */
  logWhere(isWanted: (nodes: ReadonlyMap<string, boolean>, log: string) => boolean): Promise<string>
  /** Resolves when tincd has ended and all that it wrote is in the log. */
  ended(): Promise<void>
}

const PLAIN_USER = 65_534
export const TAP = 'aetabcdefghijkl'

export async function openHosts(t: Test): Promise<(number: number) => Host> {
  const space = await openNamespace(t)
  // `ip netns` keeps its names in a folder of the host, which is the test's own in here
  space.ask('sh', '-c', 'mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link add outer type bridge && ip link set outer up')
  return (number) => openHost(t, space, number)
}

/** Host N has 192.0.2.N and 2001:db8::N outside, 10.7.0.N inside. */
function openHost(t: Test, space: Namespace, number: number): Host {
  const isRoot = process.getuid?.() === 0
  const inHost = [`nsenter`, `--net=/run/netns/h${number}`]
  const ask: Host['ask'] = (...argv) => space.ask(...inHost, ...argv)
  const script = `
    ip netns add h${number}
    ip link add port${number} type veth peer name eth0 netns h${number}
    ip link set port${number} master outer up
    ip -n h${number} link set lo up
    ip -n h${number} address add 192.0.2.${number}/24 dev eth0
    ip -n h${number} address add 2001:db8::${number}/64 dev eth0 nodad
    ip -n h${number} link set eth0 up
    ip -n h${number} tuntap add mode tap name ${TAP} user ${isRoot ? PLAIN_USER : 0}
    ip -n h${number} address add 10.7.0.${number}/24 dev ${TAP}
    ip -n h${number} link set ${TAP} mtu ${TUNNEL_MTU} up`
  space.ask('sh', '-ec', script)

  const folder = makeFolder(t)
  if (isRoot) chownSync(folder, PLAIN_USER, PLAIN_USER)
  const give = (path: string): void => { if (isRoot) chownSync(path, PLAIN_USER, PLAIN_USER) }
  const spawnHere = (stderr: 'inherit' | 'pipe', argv: readonly string[]) => {
    const [program, args] = space.enter(...inHost, ...argv)
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], { stdio: ['pipe', 'pipe', stderr], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } })
    t.teardown(async () => {
      if (!isAlive(child)) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    })
    return child
  }
  let tincd: ReturnType<typeof spawnHere> | undefined
  let closed: Promise<unknown> | undefined
  let log = ''
  const written = new Map<string, string>()

  const start = (): void => {
    // root of a namespace of a plain user's is plain without capabilities
    const asUser = isRoot ? [`--reuid=${PLAIN_USER}`, `--regid=${PLAIN_USER}`, '--clear-groups'] : ['--bounding-set=-all', '--inh-caps=-all']
    tincd = spawnHere('pipe', ['setpriv', ...asUser, '--no-new-privs', '--pdeathsig=KILL', 'tincd', `--config=${folder}`, '--no-detach', `--pidfile=${join(folder, 'pid')}`])
    closed = once(tincd, 'close')
    tincd.stderr?.setEncoding('utf8').on('data', (text: string) => (log += text))
  }
  const signal: Host['signal'] = (name) => tincd?.kill(name)
  return {
    ask,
    spawn: (...argv) => spawnHere('inherit', argv) as Child,
    async configure(record, secrets) {
      const files = renderTinc(record, secrets, TAP)
      for (const [path, { text, mode }] of files) {
        if (written.get(path) === text) continue
        mkdirSync(dirname(join(folder, path)), { recursive: true })
        give(dirname(join(folder, path)))
        writeFileSync(join(folder, path), text, { mode })
        give(join(folder, path))
        written.set(path, text)
      }
      for (const path of written.keys()) {
        if (files.has(path)) continue
        rmSync(join(folder, path))
        written.delete(path)
      }
      if (tincd) {
        signal('SIGHUP')
        return
      }
      start()
      while (!/^Ready$/m.test(log) && !/^Terminating$/m.test(log)) await delay(20)
    },
    log: () => log,
    signal,
    async logWhere(isWanted) {
      for (;;) {
        const before = log.length
        signal('SIGUSR2')
        do await delay(50)
        while (!log.slice(before).includes('End of subnet list.'))
        const nodes = readNodes(log)
        if (isWanted(nodes, log.slice(before))) return log.slice(before)
      }
    },
    async ended() {
      await closed
    },
  }
}

const isAlive = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null
