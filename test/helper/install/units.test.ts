/** The files that a package of the helper installs, as far as they can be judged without booting anything. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { helper } from '../../../.build/programs.ts'
import { parseAllowlist } from '../../../helper/allowlist.ts'
import { deriveName } from '../../../helper/names.ts'

const folder = fileURLToPath(new URL('../../../helper/install', import.meta.url))
const names = readdirSync(folder)
const services = names.filter((name) => name.endsWith('.service'))
/** Of `systemd-analyze security`: 0 is nothing to lose, 10 is root without limits. 9.6 is usual. */
const WORST_EXPOSURE = 1.5

const text = (name: string): string => readFileSync(join(folder, name), 'utf8')
/** All that a unit gives for a setting, in order. */
const settings = (unit: string, key: string): string[] =>
  text(unit).split('\n').filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1))

function analyze(...argv: string[]): { status: number | null; output: string } {
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' }
  const { status, stdout, stderr } = spawnSync('systemd-analyze', argv, { encoding: 'utf8', env })
  return { status, output: `${stdout}${stderr}` }
}
const unlessAnalyzed = { skip: analyze('--version').status !== 0 && 'systemd-analyze is missing: apt-get install systemd' }

for (const service of services) {
  t.test(`${service} is exposed to ${WORST_EXPOSURE} at most`, unlessAnalyzed, async (t) => {
    const { output } = analyze('security', '--offline=true', join(folder, service))
    const exposure = /Overall exposure level for \S+: (\d+\.\d)/.exec(output)?.[1]
    t.ok(Number(exposure) <= WORST_EXPOSURE, `${service}: ${exposure}`)
  })
}

t.test('systemd has nothing to say against the units', unlessAnalyzed, async (t) => {
  const scratch = mkdtempSync(join(tmpdir(), 'aetherscale-units-'))
  t.teardown(() => rmSync(scratch, { recursive: true }))
  const units = names.filter((name) => /\.(service|path|target|socket)$/.test(name))
  // a template is looked at as an instance of it
  for (const name of units) cpSync(join(folder, name), join(scratch, name.replace('@.', '@1001.')))
  const { output } = analyze('verify', '--man=no', ...readdirSync(scratch).map((name) => join(scratch, name)))
  // the programs need not be installed where the tests run
  const complaints = output.split('\n').filter((line) => line !== '' && !/Command \/usr\/\S+ is not executable: No such file/.test(line))
  t.same(complaints, [])
})

t.test('each service has the capabilities that it needs, and can gain none', async (t) => {
  const needed: Record<string, string[]> = {
    'aetherscale-net.service': ['CAP_NET_ADMIN'],
    'aetherscale-radvd.service': ['CAP_NET_RAW'],
    'aetherscale-radvd-reload.service': [],
  }
  t.same(services.toSorted(), Object.keys(needed).toSorted())
  for (const [service, capabilities] of Object.entries(needed)) {
    t.same(settings(service, 'AmbientCapabilities'), capabilities, service)
    t.same(settings(service, 'CapabilityBoundingSet'), [capabilities.join(' ')], service)
    t.same(settings(service, 'NoNewPrivileges'), ['yes'], service)
    t.match(settings(service, 'User'), [/^aetherscale-(net|radvd)$/], service)
    t.notMatch(text(service), /^(\w+=[-:]*[+!])/m, `${service}: no command is exempt from that (systemd.service(5), + and !)`)
  }
})

t.test('the socket is for the uid that it is named after, and for nobody else', async (t) => {
  const socket = 'aetherscale-net@.socket'
  t.same(settings(socket, 'ListenStream'), ['/run/aetherscale-net/%i.sock'])
  t.same(settings(socket, 'SocketUser'), ['%i'])
  t.same(settings(socket, 'SocketGroup'), [])
  t.same(settings(socket, 'SocketMode'), ['0600'])
  t.same(settings(socket, 'FileDescriptorName'), ['principal-%i'], 'as helper/main.ts expects it')
  t.match(text('tmpfiles.conf'), /^d \/run\/aetherscale-net +0755 root +root$/m)
})

t.test('the helper runs as it is tested: with the flags of the bundle', async (t) => {
  const [program, ...argv] = settings('aetherscale-net.service', 'ExecStart')[0]?.split(' ') ?? []
  t.equal(program, '/usr/lib/aetherscale/node')
  t.same(argv, [...helper.nodeFlags, '/usr/lib/aetherscale/aetherscale-net.js'])
})

t.test('every file says where it belongs, and the users are those of the services', async (t) => {
  for (const name of names.filter((each) => !each.endsWith('.json'))) {
    t.match(text(name).split('\n')[0], /^# \/usr\/lib\/(systemd\/(system|network)|(sysusers|tmpfiles|sysctl)\.d)\/\S+$/, name)
  }
  for (const user of services.flatMap((service) => settings(service, 'User'))) t.match(text('sysusers.conf'), new RegExp(`^u ${user} `, 'm'))
})

t.test('the example of an allowlist is one', async (t) => {
  const { principals, unknown } = parseAllowlist(text('policy.example.json'), 'alice:x:1001:1001::/home/alice:/bin/sh\n')
  t.same(new Set(principals.keys()), new Set([1001, 1002]))
  t.same(unknown, [])
})

t.test('the globs of udev and sysctl are for the names that the helper gives, and for no other', async (t) => {
  const globs = new Set([...text('10-aetherscale.link').matchAll(/^OriginalName=(.*)$/gm)].flatMap(([, value = '']) => value.split(' ')))
  const inSysctl = [...text('sysctl.conf').matchAll(/^-?net\.ipv[46]\.conf\.([^.]+)\./gm)].map(([, glob = '']) => glob)
  t.same(new Set(inSysctl), globs)
  const isMeant = (link: string): boolean => [...globs].some((glob) => new RegExp(`^${glob.replaceAll('?', '.')}$`).test(link))
  for (const kind of ['bridge', 'tap'] as const) {
    const { name, pending } = deriveName({ uid: 1001, kind, key: 'lan' })
    t.ok(isMeant(name) && isMeant(pending), kind)
  }
  for (const other of ['lo', 'eth0', 'br0', 'docker0', 'aeb0', 'aetherscale0', 'enp0s31f6', 'veth1234567']) t.notOk(isMeant(other), other)
})
