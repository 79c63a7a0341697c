import { linkSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { run } from '../tui/command-process.ts'
import { prepareAppliance } from './appliance.ts'
import { askGuest } from './ask-guest.ts'
import { startTestDaemon } from './daemon.ts'
import { ensureDebianImage } from './debian-image.ts'

// The image is built where it is not cached, and two machines boot under emulation.
t.setTimeout(1_200_000)
const WITHIN = '600s'

const KEY = `ssh-ed25519 ${'A'.repeat(68)} ann@example`
const SCRIPT = `#!/bin/sh
echo "I am $(hostname), user $(id -u)"
systemctl is-active network-online.target
date >>/root/runs
ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub
`

interface Booted {
  /** Its guest agent's socket. */
  readonly agent: string
  readonly hostKey: string | undefined
  readonly machineId: string
}

t.test('a Debian machine sets itself up once: told by a seed, and with the same disk written into it', async (t) => {
  const { env, namespace } = await prepareAppliance(t)
  const daemon = await startTestDaemon(t, env, namespace)
  const at = (...names: string[]): string => join(daemon.root, ...names)
  const cli = async (...words: string[]) => await run(t, words, { env: { AETHERSCALE_SOCKET_DIR: daemon.sockets } })
  const image = await ensureDebianImage()
  mkdirSync(at('images'), { recursive: true })
  for (const name of ['seeded', 'written']) linkSync(image, at('images', `${name}.qcow2`))
  await daemon.client.call('image.set', { image: 'seeded', firstBoot: 'nocloud' })
  await daemon.client.call('image.set', { image: 'written', firstBoot: 'libguestfs' })
  writeFileSync(at('init.sh'), SCRIPT)
  writeFileSync(at('config.yaml'), '#cloud-config\nruncmd:\n- [sh, -c, "echo configured >/root/configured"]\n')
  writeFileSync(at('key.pub'), `${KEY}\n`)
  const told = ['--init-script', at('init.sh'), '--ssh-key', at('key.pub'), '--memory', '512M']
  await t.rejects(daemon.client.call('vm.create', { image: 'written', userData: '#cloud-config\n' }), { name: 'FIRST_BOOT_FAILED' })

  const made = [
    await cli('vm', 'create', 'seeded', '--name', 'one', '--disk', '4G', '--user-data', at('config.yaml'), ...told),
    await cli('vm', 'create', 'written', '--name', 'two', ...told),
  ]
  for (const { status, stderr } of made) t.equal(status, 0, stderr)
  const bootsFirst = async (name: string, via: 'nocloud' | 'libguestfs'): Promise<Booted> => {
    const { stdout, status } = await cli('vm', 'init-log', name, '--follow')
    t.equal(status, 0, stdout)
    t.match(stdout, new RegExp(`^aetherscale-init: started\\nI am ${name}, user 0\\nactive\\n256 SHA256:.*\\naetherscale-init: exit 0\\n$`))
    await cli('vm', 'wait', name, '--for', 'agent', '--timeout', WITHIN)
    const vm = await daemon.client.call('vm.get', { vm: name })
    t.match(vm.firstBoot, { via, state: 'done', exitCode: 0 })
    const agent = at('run', 'vm', vm.id, 'agent.sock')
    const journal = await askGuest(agent, 'journalctl --unit aetherscale-init --output cat --no-pager')
    t.match(journal, `I am ${name}, user 0`, 'the output is in the journal')
    t.match(await askGuest(agent, 'cat /root/.ssh/authorized_keys'), KEY)
    t.equal(await askGuest(agent, 'cat /usr/local/sbin/aetherscale-init-script'), SCRIPT)
    const machineId = await askGuest(agent, 'cat /etc/machine-id')
    t.match(machineId, /^[0-9a-f]{32}\n$/)
    return { agent, hostKey: /SHA256:\S+/.exec(stdout)?.[0], machineId }
  }
  const bootsAgain = async (agent: string): Promise<void> => {
    t.equal(await askGuest(agent, 'cloud-init status --wait >/dev/null; cat /root/configured'), 'configured\n')
    t.ok(Number(await askGuest(agent, 'df --output=size -BM / | tail -1 | tr -dc 0-9')) > 3500, 'the file system has grown with the disk')
    t.equal((await cli('vm', 'restart', 'one', '--timeout', WITHIN)).status, 0)
    await cli('vm', 'wait', 'one', '--for', 'agent', '--timeout', WITHIN)
    await askGuest(agent, 'systemctl is-system-running --wait >/dev/null || true')
    t.match(await askGuest(agent, 'wc -l </root/runs'), /^1\n$/, 'once over two boots')
    t.equal(await askGuest(agent, 'journalctl --unit aetherscale-init --output cat --no-pager | grep -c "I am one"'), '1\n', 'as the journal of both has it')
    t.match(await askGuest(agent, 'systemctl show -P ConditionResult aetherscale-init'), 'no', 'and its unit says why')
    t.match(readFileSync(at('log', 'vm', (await daemon.client.call('vm.get', { vm: 'one' })).id, 'init.log'), 'latin1'), /^\x1e[^\x1e]*\x1e[^\x1e]*$/)
  }
  const boot = async (name: string, via: 'nocloud' | 'libguestfs', next: (agent: string) => Promise<unknown>): Promise<Booted> => {
    const booted = await bootsFirst(name, via)
    await next(booted.agent)
    return booted
  }
  // Each goes on when it can: under emulation a boot takes a core for a minute.
  const [one, two] = await Promise.all([boot('one', 'nocloud', bootsAgain), boot('two', 'libguestfs', () => cli('vm', 'delete', 'two'))])
  t.ok(one.hostKey && two.hostKey)
  t.not(one.hostKey, two.hostKey, 'each has host keys of its own')
  t.not(one.machineId, two.machineId, 'and a machine-id')
})
