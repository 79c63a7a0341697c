/** A daemon that is killed while it makes, joins, or removes a VPN: the next one has it whole, or nothing is left of it. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { startHelper, type TestHelper } from '../helper/helper-process.ts'
import { lacksTaps, openNamespace } from '../helper/namespace.ts'
import { startTestDaemon, type TestDaemon } from './daemon.ts'
import { ensureTinyImage } from './tiny-image.ts'

const UID = 0
const ROUNDS = 5
/** What is settled after a start takes a second or two; a busy machine more. */
const SETTLED_WITHIN_MS = 60_000

t.setTimeout(600_000)

t.test('a daemon killed at any moment leaves no half VPN', { skip: lacksTaps() }, async (t) => {
  const image = await ensureTinyImage()
  const open = async () => {
    const namespace = await openNamespace(t)
    const helper = await startHelper(t, namespace, { [UID]: { prefix: 'fd00:ae::/48' } })
    const daemon = await startTestDaemon(t, { AETHERSCALE_HELPER_SOCKET: helper.socket(UID), AETHERSCALE_SERVICE_MANAGER: 'embedded' }, namespace)
    return { helper, daemon }
  }
  const { daemon: other } = await open()
  await other.client.call('vpn.create', { name: 'joined', hostName: 'other', addresses: ['192.0.2.7'] })
  const { token } = await other.client.call('vpn.invite', { vpn: 'joined' })

  const { helper, daemon } = await open()
  await daemon.client.call('image.import', { path: image, name: 'tiny', firstBoot: 'nocloud' })
  /** Each is done once more, to its end, so that the next one finds what it is about; `withinMs` is about as long as it takes. */
  const steps: readonly (readonly [what: string, withinMs: number, step: () => Promise<unknown>])[] = [
    ['vpn.create', 700, () => daemon.client.call('vpn.create', { name: 'made' })],
    ['vpn.join', 700, () => daemon.client.call('vpn.join', { token, hostName: 'this' })],
    ['vm.create with a VPN made for it', 700, () => daemon.client.call('vm.create', { image: 'tiny', name: 'guest', start: false, networks: [{ kind: 'vpn', name: 'used' }] })],
    ['vm.delete', 200, () => daemon.client.call('vm.delete', { vm: 'guest' })],
    ['vpn.delete', 200, () => daemon.client.call('vpn.delete', { vpn: 'made' })],
  ]
  for (let round = 0; round < ROUNDS; round += 1) {
    const [what, withinMs, step] = steps[round % steps.length]!
    const ended = step().then(() => 'done', (error: { name?: string }) => error.name ?? 'lost')
    await delay(Math.random() * withinMs)
    await daemon.kill()
    await daemon.start()
    const wrong = await settle(daemon, helper)
    t.same(wrong, [], `${what}, killed (${await ended}): ${(await daemon.client.call('vpn.list', {})).vpns.map(({ name }) => name).join(', ') || 'none'} there`)
    await step().catch((error: { name?: string }) => {
      if (!/^(VM_NAME_TAKEN|V(M|PN)_NOT_FOUND)$/.test(error.name ?? '')) throw error
    })
  }
})

/** What contradicts the records, once it has stopped changing. */
async function settle(daemon: TestDaemon, helper: TestHelper): Promise<string[]> {
  for (const until = performance.now() + SETTLED_WITHIN_MS; ; await delay(200)) {
    const wrong = await findContradictions(daemon, helper)
    if (wrong.length === 0 || performance.now() > until) return wrong
  }
}

async function findContradictions({ root, client, tincds }: TestDaemon, helper: TestHelper): Promise<string[]> {
  const { vpns } = await client.call('vpn.list', {})
  const { vms } = await client.call('vm.list', {})
  const names = vpns.map(({ name }) => name as string)
  const links = ((await helper.ask(UID, 'link.list')).result?.['links'] as { kind: string; key: string }[]).map(({ kind, key }) => `${kind} ${key}`)
  const wanted = [...names.flatMap((name) => [`bridge ${name}`, `tap tunnel.${name}`]), ...vms.map(({ id }) => `tap ${id}.0`)]
  const folders = ['config/vpn', 'run/vpn', 'log/vpn'].flatMap((folder) => list(join(root, folder)).filter((name) => !names.includes(name)).map((name) => `folder ${folder}/${name}`))
  return [
    ...links.filter((link) => !wanted.includes(link)).map((link) => `left: ${link}`),
    // a VM that does not run has its tap from its next start on
    ...wanted.filter((link) => !/^tap [a-z]{8}\.0$/.test(link) && !links.includes(link)).map((link) => `missing: ${link}`),
    ...folders.map((folder) => `left: ${folder}`),
    ...(tincds().length === names.length ? [] : [`${tincds().length} tincds of ${names.length} VPNs`]),
    ...vpns.flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name}: ${problem}`])),
    ...vpns.filter(({ keptWhile, vms: users }) => keptWhile === 'used' && users.length === 0).map(({ name }) => `${name}: nobody uses it`),
  ]
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
