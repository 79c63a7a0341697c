/** The allowlist as a file: it counts only as root's alone, and what is wrong with it is said in words. */
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { parseAllowlist, readAllowlist } from '../../helper/allowlist.ts'
import { makeFolder } from '../fakes/folder.ts'
import { createRandom } from '../inputs/random.ts'

const isRoot = process.getuid?.() === 0
const asRoot = { skip: !isRoot && 'only root can make a file that is root\'s' }
const ACCOUNTS = 'root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\nlovelace:x:1000:1000::/home/ada:/bin/sh\neve:x:1001:1001::/:/bin/false\n\n'
const GRANT = { bridges: ['br0', 'br1'], prefix: 'fd00:ae::/48', services: ['tcp:53', 'udp:53'], quota: { taps: 4, bridges: 2 } }
const allow = (principals: object): string => JSON.stringify({ version: 1, principals })
const main = fileURLToPath(new URL('../../helper/main.ts', import.meta.url))

/** A file in a folder that nobody else may write. */
function write(t: { teardown(clean: () => void): unknown }, text: string | Uint8Array): string {
  const folder = makeFolder(t)
  chmodSync(folder, 0o755)
  const path = join(folder, 'policy.json')
  writeFileSync(path, text, { mode: 0o644 })
  return path
}

function check(path: string): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'check', '--allowlist', path], { encoding: 'utf8' })
  return { status, said: stdout + stderr }
}

t.test('a uid and the names of its accounts are one principal', async (t) => {
  const { principals, unknown } = parseAllowlist(allow({ ada: GRANT, 1001: {}, 4000: { prefix: '2001:db8::/32' }, ghost: {} }), ACCOUNTS)
  t.same([...principals.keys()].toSorted(), [1000, 1001, 4000])
  t.same(principals.get(1000), { uid: 1000, names: ['1000', 'ada', 'lovelace'], grant: GRANT })
  t.same(principals.get(1001), { uid: 1001, names: ['1001', 'eve'], grant: { bridges: [], services: [], quota: { taps: 32, bridges: 8 } } }, 'what is left out is not granted')
  t.same(principals.get(4000)?.names, ['4000'], 'an account is not needed')
  t.same(unknown, ['ghost'], 'a name without an account is nobody')
  t.equal(parseAllowlist(allow({}), ACCOUNTS).principals.size, 0)
})

t.test('one who is named twice is a mistake, in whichever way', async (t) => {
  t.throws(() => parseAllowlist(allow({ ada: {}, 1000: {} }), ACCOUNTS), { message: /two entries of principals are for uid 1000/ })
  t.throws(() => parseAllowlist(allow({ ada: {}, lovelace: {} }), ACCOUNTS), { message: /two entries of principals are for uid 1000/ })
})

t.test('what does not fit is a mistake, and it is said where', async (t) => {
  const wrong: [string, RegExp][] = [
    ['', /JSON/], ['{', /JSON/], [`\ufeff${allow({})}`, /JSON|token/], [`${allow({})}x`, /JSON/],
    ['null', /it does not fit/], ['[]', /it does not fit/], ['{}', /version/], ['{"version":1}', /principals/], ['{"version":"1","principals":{}}', /version/], ['{"version":2,"principals":{}}', /version/],
    ['{"version":1,"principals":{},"more":1}', /it does not fit/], ['{"version":1,"principals":[]}', /principals/],
    ...['', '01', '-1', '1.5', '1e3', 'Ada', 'a b', '*', '%wheel', '10000000000', 'ada\n'].map((key): [string, RegExp] => [allow({ [key]: {} }), /principals/]),
    [allow({ ada: null }), /principals\.ada/], [allow({ ada: { more: 1 } }), /principals\.ada/], [allow({ ada: { bridges: 'br0' } }), /principals\.ada\.bridges/],
    ...['*', 'if2', 'br0 up', 'aebabcdefghijkl', '', 'a'.repeat(16), '-x', 'br0\n'].map((bridge): [string, RegExp] => [allow({ ada: { bridges: ['br0', bridge] } }), /principals\.ada\.bridges\.1/]),
    [allow({ ada: { bridges: Array.from({ length: 65 }, () => 'br0') } }), /principals\.ada\.bridges/],
    ...['::/0', 'fd00::/65', 'fd00::1/64', 'fe80::/10', 'fd00::', '10.0.0.0/8', ''].map((prefix): [string, RegExp] => [allow({ ada: { prefix } }), /principals\.ada\.prefix/]),
    ...['', 'tcp', 'tcp:', 'tcp:0', 'tcp:053', 'tcp:65536', 'sctp:53', 'tcp:53 accept', 'tcp:53\n', 'tcp:1-99', 'TCP:53', '53', '*'].map((service): [string, RegExp] => [allow({ ada: { services: ['udp:65535', service] } }), /principals\.ada\.services\.1/]),
    [allow({ ada: { services: 'tcp:53' } }), /principals\.ada\.services/], [allow({ ada: { services: Array.from({ length: 65 }, () => 'tcp:53') } }), /principals\.ada\.services/],
    [allow({ ada: { prefix: null } }), /principals\.ada\.prefix/],
    ...[{}, { taps: 1 }, { taps: -1, bridges: 1 }, { taps: 1.5, bridges: 1 }, { taps: 4097, bridges: 1 }, { taps: '1', bridges: 1 }, { taps: 1, bridges: 1, vms: 1 }].map((quota): [string, RegExp] =>
      [allow({ ada: { quota } }), /principals\.ada\.quota/]),
  ]
  for (const [text, message] of wrong) t.throws(() => parseAllowlist(text, ACCOUNTS), { message }, text.slice(0, 100))
})

t.test('a key that is a name of Object.prototype grants nobody anything', async (t) => {
  for (const key of ['__proto__', 'constructor', 'valueOf']) {
    // not by JSON.stringify: an object literal would take the first for its prototype
    const text = `{"version":1,"principals":{"${key}":{}}}`
    try {
      t.equal(parseAllowlist(text, ACCOUNTS).principals.size, 0, key)
    } catch (error) {
      t.match(error, { message: /does not fit/ }, key)
    }
  }
  t.equal(({} as { bridges?: unknown }).bridges, undefined)
})

t.test('whatever the text, an Error is thrown or each principal is whole', async (t) => {
  const seed = Number(process.env['AETHERSCALE_SEED'] ?? Date.now() % 1_000_000)
  t.comment(`AETHERSCALE_SEED=${seed}`)
  const random = createRandom(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const valid = allow({ ada: GRANT, 1001: { bridges: [] }, ghost: {} })
  const pieces = ['null', '{}', '[]', '"', ',', '1', '-1', '1e9', '"ada"', '"1000"', '"__proto__":{}', '"length":{"toString":1}', '\\u0000', '{"length":{"toString":1}}', '{"length":1}']
  let read = 0
  for (let times = 0; times < 10_000; times += 1) {
    const [at, length] = [below(valid.length), below(4) ? below(3) : below(30)]
    const text = valid.slice(0, at) + (below(2) ? pieces[below(pieces.length)]! : String.fromCharCode(below(128))) + valid.slice(at + length)
    try {
      for (const [uid, { uid: same, names, grant }] of parseAllowlist(text, ACCOUNTS).principals) {
        read += 1
        const isWhole = uid === same && Number.isSafeInteger(uid) && names[0] === String(uid) && Array.isArray(grant.bridges) && Number.isInteger(grant.quota.taps + grant.quota.bridges)
        if (!isWhole) t.fail(text)
      }
    } catch (error) {
      if (!(error instanceof Error)) t.fail(text)
    }
  }
  t.ok(read > 100, `${read} principals were read`)
})

t.test('a file of root alone counts', asRoot, async (t) => {
  const path = write(t, allow({ 1000: GRANT }))
  for (const mode of [0o644, 0o600, 0o640, 0o444]) {
    chmodSync(path, mode)
    t.same(readAllowlist(path).principals.get(1000)?.grant, GRANT, mode.toString(8))
  }
})

t.test('a file that others than root may have written counts for nothing', asRoot, async (t) => {
  const change: [string, (path: string) => void, RegExp][] = [
    ['the group may write', (path) => chmodSync(path, 0o664), /policy\.json can be written by others than root: chown root, chmod go-w/],
    ['everybody may write', (path) => chmodSync(path, 0o646), /policy\.json can be written by others/],
    ['it is another\'s', (path) => chownSync(path, 1000, 0), /policy\.json can be written by others/],
    ['the group may write the folder', (path) => chmodSync(dirname(path), 0o775), /can be written by others/],
    ['everybody may, and the sticky bit is no help', (path) => chmodSync(dirname(path), 0o1777), /can be written by others/],
    ['the folder is another\'s', (path) => chownSync(dirname(path), 1000, 0), /can be written by others/],
  ]
  for (const [what, spoil, message] of change) {
    const path = write(t, allow({ 1000: GRANT }))
    spoil(path)
    t.throws(() => readAllowlist(path), { code: 'NET_DENIED', message, hint: /aetherscale-net check/ }, what)
    t.match(check(path), { status: 1, said: message }, `${what}, says check`)
  }
})

t.test('what is no plain file counts for nothing, and holds nobody up', asRoot, async (t) => {
  const make: [string, (path: string, real: string) => void, RegExp][] = [
    ['nothing', () => undefined, /ENOENT/],
    ['a symbolic link', (path, real) => symlinkSync(real, path), /ELOOP/],
    ['a link that leads nowhere', (path) => symlinkSync('/nowhere', path), /ELOOP/],
    ['a FIFO', (path) => void spawnSync('mkfifo', ['-m', '644', path]), /not a plain file/],
    ['a folder', (path) => mkdirSync(path), /not a plain file/],
    ['a device', (path) => void spawnSync('mknod', ['-m', '644', path, 'c', '1', '5']), /not a plain file|EACCES|ENXIO|EPERM/],
    ['more than a mebibyte', (path) => writeFileSync(path, `${allow({ 1000: GRANT })}${' '.repeat(1_048_576)}`), /at most 1 MiB/],
    ['a folder that is a symbolic link', (path, real) => (symlinkSync(dirname(real), `${path}.d`), symlinkSync(`${path}.d/policy.json`, path)), /ELOOP/],
  ]
  for (const [what, put, message] of make) {
    const real = write(t, allow({ 1000: GRANT }))
    const path = join(dirname(real), 'other.json')
    put(path, real)
    const began = performance.now()
    t.throws(() => readAllowlist(path), { code: 'NET_DENIED', message: new RegExp(`Everything is denied: .*(${message.source})`) }, what)
    t.ok(performance.now() - began < 1000, 'at once')
    t.match(check(path), { status: 1, said: message }, `${what}, says check`)
  }
  const real = write(t, allow({ 1000: GRANT }))
  symlinkSync(dirname(real), `${dirname(real)}/self`)
  t.throws(() => readAllowlist(join(dirname(real), 'self', 'policy.json')), { code: 'NET_DENIED' }, 'the folder itself is no symbolic link')
  linkSync(real, join(dirname(real), 'hard.json'))
  t.ok(readAllowlist(join(dirname(real), 'hard.json')).principals.has(1000), 'a second name of a file of root is a file of root')
})

t.test('a file that is not UTF-8, or wrong, denies everything, and says where', asRoot, async (t) => {
  t.throws(() => readAllowlist(write(t, '')), { code: 'NET_DENIED', message: /^Everything is denied: / })
  t.throws(() => readAllowlist(write(t, Buffer.from([0xff, 0xfe, 0x7b]))), { code: 'NET_DENIED' })
  t.throws(() => readAllowlist(write(t, allow({ 1000: { bridges: ['if2'] } }))), { code: 'NET_DENIED', message: /principals\.1000\.bridges\.0/ })
})

t.test('check says in words what is granted, and to whom', asRoot, async (t) => {
  const [name = '', , uid = ''] = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':')).find(([, , uid]) => Number(uid) > 0) ?? []
  const { said } = check(write(t, allow({ [name]: GRANT, 4000000: {} })))
  t.match(said, `uid ${uid} (${name}): 4 taps, 2 private networks; bridges of the host: br0, br1; prefixes: fd00:ae::/48; of this host's services its guests on private networks reach: tcp:53, udp:53\n`)
  t.match(said, 'uid 4000000 (no account): 32 taps, 8 private networks; bridges of the host: none; prefixes: none; of this host\'s services its guests on private networks reach: none\n')
  t.match(said, 'Whoever is not named here may do nothing.\n')
  t.equal(check(write(t, allow({ 1000: {} }))).status, 0)
  t.match(check(write(t, allow({ ghost9: {} }))).said, '"ghost9" is nobody: /etc/passwd has no such account. If it comes from elsewhere, write its uid.\n')
})
