import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Event } from '../../policy/api/events.ts'
import type { Result } from '../../policy/api/index.ts'
import { askGuest } from './ask-guest.ts'
import { eventually, startTestDaemon, type TestDaemon } from './daemon.ts'
import { ensureTinyImage } from './tiny-image.ts'

t.setTimeout(900_000)
const WITHIN = 240

async function startWithTiny(t: Parameters<typeof startTestDaemon>[0]): Promise<TestDaemon> {
  const daemon = await startTestDaemon(t)
  mkdirSync(join(daemon.root, 'images'), { recursive: true })
  copyFileSync(await ensureTinyImage(), join(daemon.root, 'images', 'tiny.qcow2'))
  return daemon
}

const tiny = { image: 'tiny', memoryMiB: 96 } as const

t.test('an init script runs once, as root and with a network, and is followed from the host', async (t) => {
  const daemon = await startWithTiny(t)
  const events: Event[] = []
  daemon.client.onNotification('event', (event) => events.push(event))
  await daemon.client.call('events.subscribe', { kinds: ['vm.init'] })
  const initScript = [
    '#!/bin/sh',
    'echo "$(id -u) $(hostname) $HOME $(pwd)"',
    'ip addr show scope global | grep -o 10.0.2.15',
    'echo run >>/root/runs',
    'printf "windows\\r\\n"',
    'echo to stderr >&2',
    'printf "no newline"',
    'exit 3\n',
  ].join('\n')
  const made = await daemon.client.call('vm.create', { ...tiny, name: 'web', initScript })
  t.match(made.firstBoot, { via: 'nocloud', state: 'pending' })

  await t.rejects(daemon.client.call('vm.wait', { vm: 'web', for: 'init', timeoutSeconds: WITHIN }), { name: 'VM_INIT_FAILED' })
  const log = async (params = {}): Promise<Result<'vm.init-log'>> => await daemon.client.call('vm.init-log', { vm: 'web', ...params })
  const { text, nextOffset, ...state } = await log()
  t.match(state, { state: 'failed', exitCode: 3 })
  t.match(text, /^aetherscale-init: started\n0 web \/root \/root\n10\.0\.2\.15\nwindows\r\nto stderr\nno newlineaetherscale-init: exit 3\n$/)
  t.match(await log({ offset: nextOffset }), { text: '', nextOffset })
  t.same(events.map((event) => event.kind === 'vm.init' && [event.state, event.exitCode]), [['pending', undefined], ['running', undefined], ['failed', 3]])

  await daemon.client.call('vm.wait', { vm: 'web', for: 'agent', timeoutSeconds: WITHIN })
  const agent = join(daemon.root, 'run', 'vm', made.id, 'agent.sock')
  t.equal(await askGuest(agent, 'cat /usr/local/sbin/aetherscale-init-script'), initScript, 'to the byte')

  await daemon.client.call('vm.stop', { vm: 'web' })
  await daemon.kill()
  await daemon.start()
  t.match(await daemon.client.call('vm.get', { vm: 'web' }), { firstBoot: { state: 'failed', exitCode: 3 } }, 'also when it is stopped, for the next daemon')
  const seed = join(daemon.root, 'config', 'vm', made.id, 'seed.iso')
  rmSync(seed)
  await daemon.client.call('vm.start', { vm: 'web' })
  t.ok(existsSync(seed), 'a seed that went astray is made again')
  await daemon.client.call('vm.wait', { vm: 'web', for: 'agent', timeoutSeconds: WITHIN })
  t.equal(await askGuest(agent, 'while pidof firstboot >/dev/null; do sleep 1; done; cat /root/runs'), 'run\n', 'not again at the second boot')

  await askGuest(agent, 'rm /root/aetherscale-init.done; echo "sleep 1000" >>/root/later; sync')
  await daemon.client.call('vm.restart', { vm: 'web' })
  await eventually(() => readFileSync(join(daemon.root, 'log', 'vm', made.id, 'init.log'), 'latin1').split('exit 3').length === 3, 'it is run again')
  await daemon.client.call('vm.delete', { vm: 'web' })
  t.notOk(existsSync(join(daemon.root, 'config', 'vm', made.id)), 'with all that it was told')
})

t.test('a machine that goes down while the script runs has failed, and says so', async (t) => {
  const daemon = await startWithTiny(t)
  const reset = await daemon.client.call('vm.create', { ...tiny, initScript: 'echo b >/proc/sysrq-trigger\nsleep 1000\n' })
  await t.rejects(daemon.client.call('vm.wait', { vm: reset.id, for: 'init', timeoutSeconds: WITHIN }), { name: 'VM_INIT_FAILED' }, 'QEMU runs on, and the guest has begun anew')
  await daemon.client.call('vm.delete', { vm: reset.id })
  await daemon.client.call('vm.create', { ...tiny, name: 'web', hostname: 'other', initScript: 'echo begun\nsleep 1000\n' })
  const state = async () => (await daemon.client.call('vm.get', { vm: 'web' })).firstBoot
  for (let seen = await state(); seen?.state !== 'running'; seen = await state()) {
    t.equal(seen?.state, 'pending')
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  const told = async (): Promise<string> => (await daemon.client.call('vm.init-log', { vm: 'web' })).text
  await eventually(async () => /begun/.test(await told()), 'the script to have begun')
  await daemon.client.call('vm.stop', { vm: 'web', force: true })
  t.same(await state(), { via: 'nocloud', state: 'failed' })
  await daemon.client.call('vm.start', { vm: 'web' })
  t.same(await state(), { via: 'nocloud', state: 'failed' }, 'it is not tried again')
  t.match(await told(), /begun/, 'a script without #! is the shell\'s')
})

t.test('what cannot be done is refused before anything is made', async (t) => {
  const daemon = await startWithTiny(t)
  const refused = async (params: object, name: string): Promise<void> => {
    await t.rejects(daemon.client.call('vm.create', { ...tiny, ...params }), { name })
  }
  await refused({ initScript: 'x'.repeat(262_145) }, 'INVALID_PARAMS')
  await refused({ initScript: 'ü'.repeat(131_073) }, 'INVALID_PARAMS')
  await refused({ initScript: '' }, 'INVALID_PARAMS')
  await refused({ userData: '#cloud-config\na: [b\n' }, 'USER_DATA_INVALID')
  await refused({ userData: '#!/bin/sh\n' }, 'USER_DATA_INVALID')
  await refused({ hostname: 'a b' }, 'INVALID_PARAMS')
  await refused({ sshKeys: ['ssh-ed25519 AAAA\nssh-rsa'] }, 'INVALID_PARAMS')
  t.same(await daemon.client.call('vm.list', {}), { vms: [] })

  const plain = await daemon.client.call('vm.create', { ...tiny, start: false })
  t.equal(plain.firstBoot, undefined, 'of an image that nobody has looked into, a VM that is told nothing has no seed')
  await t.rejects(daemon.client.call('vm.wait', { vm: plain.id, for: 'init' }), { name: 'VM_INIT_NONE' })
  await t.rejects(daemon.client.call('vm.init-log', { vm: plain.id }), { name: 'VM_INIT_NONE' })
  const { commands, files } = await daemon.client.call('vm.plan', { ...tiny, initScript: 'echo\n' })
  t.ok(commands.some(({ argv }) => argv[0] === 'genisoimage'))
  t.ok(files.some((file) => file.endsWith('/seed.iso')))
})
