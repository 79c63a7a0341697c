/**
 * `npm run demo`: one VM from nothing to an address and back, by a daemon of its own in a scratch folder. It is a client
 * like any other: what it does can be typed.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Vm } from '../../policy/api/vm.ts'
import type { Client } from '../client.ts'
import { buildImage, endLeftovers, startDaemon, type DaemonProcess } from './processes.ts'
import { createSteps } from './steps.ts'

const { values } = parseArgs({ options: { keep: { type: 'boolean' } } })
const say = (line = ''): void => void process.stdout.write(`${line}\n`)

/** Below the system's own folder for such things, whose short name leaves room for sockets' paths. */
const scratch = await mkdtemp(join(tmpdir(), 'aetherscale-demo-'))
const sockets = join(scratch, 'run')
let daemon: DaemonProcess | undefined
let client: Client | undefined

const cleanUp = async (): Promise<void> => {
  if (client && daemon?.isRunning()) {
    // Delete ends a VM that still runs, so nothing outlives an interrupted demo.
    const { vms } = await client.call('vm.list', {}).catch(() => ({ vms: [] }))
    for (const { id } of vms) await client.call('vm.delete', { vm: id }).catch(() => undefined)
  }
  client?.close()
  await daemon?.stop()
  endLeftovers(scratch)
  await rm(scratch, { recursive: true, force: true })
}

const interruption = new AbortController()
const interrupt = (): void => {
  if (interruption.signal.aborted) return
  interruption.abort()
  say('\nInterrupted; taking everything down.')
  void cleanUp().finally(() => process.exit(130))
}
process.on('SIGINT', interrupt)
process.on('SIGTERM', interrupt)

/** What was under way fails once everything is taken down, and that is no news; nothing more is begun. */
const stopIfInterrupted = (): Promise<never> | undefined => (interruption.signal.aborted ? new Promise(() => undefined) : undefined)

try {
  await demonstrate()
} catch (error) {
  await stopIfInterrupted()
  process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`)
  process.stderr.write(daemon ? `The daemon's last words:\n${daemon.lastWords()}\n` : '')
  await cleanUp()
  process.exitCode = 1
}

async function demonstrate(): Promise<void> {
  const steps = createSteps(say)
  say(`aetherscale demo, in ${scratch}\n`)
  const image = await steps.run('the tiny image (built once, then cached)', () => buildImage(say, interruption.signal))
  await stopIfInterrupted()
  const started = (daemon = startDaemon(scratch, sockets))
  const rpc = (client = await steps.run('daemon answers on its socket', () => started.connect()))
  await steps.run('doctor looks at the host, tries KVM', () => rpc.call('system.doctor', {}))
  const { uid, accelerator } = await rpc.call('system.info', {})
  await steps.run('image.import', () => rpc.call('image.import', { path: image, name: 'tiny', firstBoot: 'nocloud' }))
  const made = await steps.run('vm.create, until QEMU answers', () =>
    rpc.call('vm.create', { image: 'tiny', name: 'demo', memoryMiB: 128 }),
  )
  await steps.run('guest boots, until its agent answers', () => rpc.call('vm.wait', { vm: 'demo', for: 'agent', timeoutSeconds: 300 }))
  const vm = await steps.run('guest has an address', () => waitForAddress(rpc))

  say(`\nVM ${vm.name ?? ''} (${vm.id}) runs as process ${vm.pid ?? 0} of user ${uid},`)
  say(`by ${accelerator?.kind ?? '?'} (${accelerator?.reason ?? 'not probed'}), with`)
  for (const { interface: name, address, prefixLength } of vm.addresses) say(`  ${name}  ${address}/${prefixLength}`)
  const request = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'vm.get', params: { vm: 'demo' } })
  say(`\nThe same, asked by hand:\n  echo '${request}' | socat - UNIX-CONNECT:${join(sockets, 'control.sock')}\n`)

  if (values.keep) return keep(made)
  const { endedBy } = await steps.run('guest powers down when asked', () => rpc.call('vm.stop', { vm: 'demo' }))
  if (endedBy !== 'guest') throw new Error(`the guest did not power down by itself; ${endedBy} ended it`)
  await steps.run('vm.delete', () => rpc.call('vm.delete', { vm: 'demo' }))
  await steps.run('daemon stops, nothing is left', cleanUp)
  say(`\nDone in ${steps.total()}. \`npm run demo -- --keep\` leaves VM and daemon running.`)
}

/** The agent may be up before the guest's DHCP client is done. */
async function waitForAddress(rpc: Client): Promise<Vm> {
  const isRoutable = ({ address }: { address: string }): boolean => !/^(fe80:|169\.254\.)/.test(address)
  const changed = new Promise<void>((resolve) => {
    rpc.onNotification('event', (event) => {
      if (event.kind === 'vm.addresses' && event.addresses.some(isRoutable)) resolve()
    })
  })
  await rpc.call('events.subscribe', { kinds: ['vm.addresses'] })
  const vm = await rpc.call('vm.get', { vm: 'demo' })
  if (!vm.addresses.some(isRoutable)) await Promise.race([changed, giveUp(120)])
  return await rpc.call('vm.get', { vm: 'demo' })
}

function giveUp(seconds: number): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => {
      reject(new Error(`the guest had no address within ${seconds} s`))
    }, seconds * 1000).unref()
  })
}

function keep(vm: Vm): void {
  daemon?.detach()
  client?.close()
  say(`Daemon and VM go on. To go on with them:

  export AETHERSCALE_SOCKET_DIR=${sockets}
  dist/bin/aetherscale vm list
  dist/bin/aetherscale vm console demo          # leave with ctrl-]
  dist/bin/aetherscale vm stop demo

and to take everything down:

  dist/bin/aetherscale vm delete ${vm.name ?? vm.id}; kill ${daemon?.pid ?? 0}; rm -r ${scratch}
`)
}
