/** A release: what is in it, and that it is made of the sources alone. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import t from 'tap'
import { programs, root } from '../../.build/programs.ts'
import { ensureRelease } from './release.ts'

const skip = spawnSync('dpkg-deb', ['--version']).error === undefined ? false : 'dpkg-deb is missing: apt-get install dpkg'
const ask = (option: string, deb: string): Buffer => execFileSync('dpkg-deb', [option, deb], { maxBuffer: 2 ** 28 })

/** Everything that may be in a package, by path; `x` is what may be run. */
const allowed: readonly (readonly [path: RegExp, mode: string])[] = [
  [/^usr\/bin\/aetherscaled?$/, '-rwxr-xr-x'],
  [/^usr\/sbin\/aetherscale-net$/, '-rwxr-xr-x'],
  [/^usr\/lib\/aetherscale\/(node|in-user-managers)$/, '-rwxr-xr-x'],
  [/^usr\/lib\/aetherscale\/(package|policy\.example)\.json$/, '-rw-r--r--'],
  [new RegExp(`^usr/lib/aetherscale/(${programs.map(({ name }) => name).join('|')})\\.js$`), '-rw-r--r--'],
  [/^usr\/lib\/aetherscale\/aetherscale-parts\/[\w-]+\.js$/, '-rw-r--r--'],
  [/^usr\/lib\/aetherscale\/image\/(tiny|debian)\/(bootloader|early|hooks|initramfs|rootfs)\/[\w@./-]+$/, '-rw-r--r--'],
  [/^usr\/lib\/aetherscale\/node_modules\/koffi\/(package\.json|[\w/]+\.js)$/, '-rw-r--r--'],
  [/^usr\/lib\/aetherscale\/node_modules\/@koromix\/koffi-linux-(\w+)\/(package\.json|index\.js|linux_\1\/koffi\.node)$/, '-rw-r--r--'],
  [/^usr\/lib\/systemd\/(system|user|network)\/[\w-]*aetherscale[\w@.-]*\.[a-z]+$/, '-rw-r--r--'],
  [/^usr\/lib\/(sysusers|tmpfiles|sysctl)\.d\/[\w-]*aetherscale[\w-]*\.conf$/, '-rw-r--r--'],
  [/^usr\/share\/bash-completion\/completions\/aetherscale$/, '-rw-r--r--'],
  [/^usr\/share\/zsh\/vendor-completions\/_aetherscale$/, '-rw-r--r--'],
  [/^usr\/share\/fish\/vendor_completions\.d\/aetherscale\.fish$/, '-rw-r--r--'],
  [/^usr\/share\/doc\/aetherscale\/(copyright|README\.md|REFERENCE\.md)$/, '-rw-r--r--'],
]

t.test('a package holds what belongs into it, all of it root\'s and writable by nobody else', { skip }, async (t) => {
  const { deb } = await ensureRelease()
  const entries = String(ask('--contents', deb)).trimEnd().split('\n').map((line) => line.split(/\s+/))
  const unmet = new Set(allowed)
  for (const [mode = '', owner, , , , path = ''] of entries) {
    t.equal(owner, 'root/root', path)
    if (mode.startsWith('d')) {
      t.equal(mode, 'drwxr-xr-x', path)
      continue
    }
    const rule = allowed.find(([pattern]) => pattern.test(path.slice(2)))
    t.equal(mode, rule?.[1] ?? 'not there', path)
    if (rule) unmet.delete(rule)
  }
  t.same([...unmet].map(([pattern]) => pattern.source), [], 'and nothing is missing')
  for (const { name } of programs) t.ok(entries.some((entry) => entry.at(-1) === `./usr/lib/aetherscale/${name}.js`), name)
})

t.test('the tarball holds the same', { skip }, async (t) => {
  const { deb, tarball } = await ensureRelease()
  t.ok(zstdDecompressSync(readFileSync(tarball)).equals(ask('--fsys-tarfile', deb)))
})

t.test('the licences of all code in it are there', { skip }, async (t) => {
  const { deb } = await ensureRelease()
  const copyright = execFileSync('tar', ['-xO', './usr/share/doc/aetherscale/copyright'], { input: ask('--fsys-tarfile', deb), encoding: 'utf8' })
  const parts = copyright.split(/^-{78}$/m).map((part) => part.trim())
  for (const [name, licence] of [
    ['aetherscale', /The aetherscale maintainers/],
    [`node-linux-${process.arch}`, /Node\.js is licensed for use as follows/],
    ['koffi', /Niels Martignène/],
    ['zod', /Colin McDonnell/],
    ['pino', /the Pino contributors/],
  ] as const) {
    t.match(parts.find((part) => new RegExp(`^${name}( [\\d.]+)?\\n`).test(part)) ?? 'not there', licence, name)
  }
})

t.test('two that are made of the same sources are the same, whoever makes them', { skip }, (t) => {
  const scratch = mkdtempSync(join(tmpdir(), 'aetherscale-package-test-'))
  t.teardown(() => rmSync(scratch, { recursive: true }))
  const make = (umask: string, zone: string): Buffer[] => {
    const folder = join(scratch, umask)
    const argv = [process.execPath, join(root, '.build/package/main.ts'), folder]
    const env = { ...process.env, SOURCE_DATE_EPOCH: '1700000000', TZ: zone }
    const printed = execFileSync('sh', ['-c', `umask ${umask}; exec "$@"`, 'sh', ...argv], { encoding: 'utf8', env })
    return printed.trimEnd().split('\n').map((line) => readFileSync(line.split('  ')[0] ?? ''))
  }
  const [first, second] = [make('0077', 'UTC'), make('0000', 'Asia/Tokyo')]
  t.equal(first.length, 2)
  t.ok(first.every((bytes, index) => bytes.equals(second[index] ?? Buffer.alloc(0))))
  t.end()
})
