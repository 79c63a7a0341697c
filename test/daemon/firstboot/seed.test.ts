import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import type { FirstBootRequest } from '../../../daemon/firstboot/request.ts'
import { composeSeed, makeSeed } from '../../../daemon/firstboot/seed.ts'
import { Hostname, SshKey } from '../../../policy/api/first-boot.ts'
import { MacAddress } from '../../../policy/names.ts'

const request: FirstBootRequest = {
  version: 1,
  instanceId: 'abcdefgh',
  isCopy: false,
  hostname: 'web-1',
  macs: ['52:54:00:00:00:01', '52:54:00:00:00:02'].map((mac) => MacAddress.parse(mac)),
  sshKeys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGr0 "ann: #1"'],
}

t.test('the metadata is YAML whatever is in a key, and each interface is named', async (t) => {
  const files = composeSeed(request)
  t.same(parse(files['meta-data'] ?? ''), { 'instance-id': 'abcdefgh', 'local-hostname': 'web-1', 'public-keys': request.sshKeys })
  const { ethernets } = parse(files['network-config'] ?? '') as { ethernets: Record<string, { match: { macaddress: string } }> }
  t.same(Object.values(ethernets).map(({ match }) => match.macaddress), request.macs)
  t.notOk(composeSeed({ ...request, macs: request.macs.slice(1) })['network-config'], 'the only one is brought up by cloud-init itself')
})

t.test('a script arrives to the byte, and nothing but the seed is left', async (t) => {
  const folder = t.testdir({})
  const script = `#!/bin/sh\r\n# ü\u{1f980}${'x'.repeat(200_000)}\r\nexit 3`
  const seed = join(folder, 'seed.iso')
  await makeSeed(seed, { ...request, initScript: script })
  t.same(readdirSync(folder), ['seed.iso'])
  t.equal(statSync(seed).mode & 0o077, 0, 'it may hold secrets')
  const readBack = execFileSync('isoinfo', ['-R', '-i', seed, '-x', '/aetherscale-init-script'])
  t.ok(readBack.equals(Buffer.from(script)))
  t.match(execFileSync('isoinfo', ['-d', '-i', seed]).toString(), 'Volume id: cidata')
})

t.test('a seed that cannot be written is refused with a code and leaves nothing', async (t) => {
  const folder = t.testdir({})
  await t.rejects(makeSeed(join(folder, 'none', 'seed.iso'), request))
  t.same(readdirSync(folder), [])
})

t.test('host names and keys have their grammar', async (t) => {
  for (const good of ['a', 'web-1', 'a.b-c.d', 'x'.repeat(63)]) t.ok(Hostname.safeParse(good).success, good)
  for (const bad of ['', '-a', 'a-', 'A', 'a..b', 'a b', 'a\n', 'x'.repeat(64), `${'a.'.repeat(127)}ab`]) t.notOk(Hostname.safeParse(bad).success, bad)
  const key = `ssh-ed25519 ${'A'.repeat(68)}`
  for (const good of [key, `${key} ann@host`, `${key}\n`, `sk-ssh-ed25519@openssh.com ${'A'.repeat(68)}== x`]) t.ok(SshKey.safeParse(good).success, good)
  for (const bad of [`command="x" ${key}`, `${key} a\n${key}`, 'ssh-dss AAAAAAAAAAAAAAAAAAAA', '-----BEGIN OPENSSH PRIVATE KEY-----']) {
    t.notOk(SshKey.safeParse(bad).success, bad)
  }
})
