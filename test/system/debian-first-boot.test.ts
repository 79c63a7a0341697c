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
  const agents = new Map<string, string>()
  const hostKeys = new Set<string>()
  for (const [name, via] of [['one', 'nocloud'], ['two', 'libguestfs']] as const) {
    const { stdout, status } = await cli('vm', 'init-log', name, '--follow')
    t.equal(status, 0, stdout)
    t.match(stdout, new RegExp(`^aetherscale-init: started\\nI am ${name}, user 0\\nactive\\n256 SHA256:.*\\naetherscale-init: exit 0\\n$`))
    hostKeys.add(/SHA256:\S+/.exec(stdout)?.[0] ?? '')
    await cli('vm', 'wait', name, '--for', 'agent', '--timeout', WITHIN)
    const vm = await daemon.client.call('vm.get', { vm: name })
    t.match(vm.firstBoot, { via, state: 'done', exitCode: 0 })
    const agent = at('run', 'vm', vm.id, 'agent.sock')
    agents.set(name, agent)
    const journal = await askGuest(agent, 'journalctl --unit aetherscale-init --output cat --no-pager')
    t.match(journal, `I am ${name}, user 0`, 'the output is in the journal')
    t.match(await askGuest(agent, 'cat /root/.ssh/authorized_keys'), KEY)
    t.equal(await askGuest(agent, 'cat /usr/local/sbin/aetherscale-init-script'), SCRIPT)
  }
  t.equal(hostKeys.size, 2, 'each has host keys of its own')
  const ids = await Promise.all([...agents.values()].map((agent) => askGuest(agent, 'cat /etc/machine-id')))
  t.equal(new Set(ids).size, 2, 'and a machine-id')
  for (const id of ids) t.match(id, /^[0-9a-f]{32}\n$/)

  const one = agents.get('one')!
  t.equal(await askGuest(one, 'cloud-init status --wait >/dev/null; cat /root/configured'), 'configured\n')
  t.ok(Number(await askGuest(one, 'df --output=size -BM / | tail -1 | tr -dc 0-9')) > 3500, 'the file system has grown with the disk')
  await cli('vm', 'delete', 'two')
  t.equal((await cli('vm', 'restart', 'one')).status, 0)
  await cli('vm', 'wait', 'one', '--for', 'agent', '--timeout', WITHIN)
  await askGuest(one, 'systemctl is-system-running --wait >/dev/null || true')
  t.match(await askGuest(one, 'wc -l </root/runs'), /^1\n$/, 'once over two boots')
  t.equal(await askGuest(one, 'journalctl --unit aetherscale-init --output cat --no-pager | grep -c "I am one"'), '1\n', 'as the journal of both has it')
  t.match(await askGuest(one, 'systemctl show -P ConditionResult aetherscale-init'), 'no', 'and its unit says why')
  t.match(readFileSync(at('log', 'vm', (await daemon.client.call('vm.get', { vm: 'one' })).id, 'init.log'), 'latin1'), /^\x1e[^\x1e]*\x1e[^\x1e]*$/)
})
