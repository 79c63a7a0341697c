import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { generateHostKey, openHostKey } from '../../../../tui/cluster/keys/host-key.ts'
import { parsePublicKey } from '../../../../tui/cluster/keys/key-text.ts'
import { judge, pin, readPins, unpin } from '../../../../tui/cluster/keys/pins.ts'
import { makeFolder } from '../../../fakes/folder.ts'

t.test('the key is made once, and is its owner\'s alone', async (t) => {
  const folder = join(makeFolder(t), 'broker')
  const { public: made } = openHostKey(folder)
  t.equal(openHostKey(folder).public.text, made.text)
  t.equal(statSync(join(folder, 'host-key.json')).mode & 0o777, 0o600)
  t.equal(statSync(folder).mode & 0o777, 0o700)
  t.same(readdirSync(folder), ['host-key.json'], 'nothing else is left there')
})

t.test('a key that cannot be used is not replaced, and no word of it is told', async (t) => {
  const folder = join(makeFolder(t), 'broker')
  openHostKey(folder)
  const path = join(folder, 'host-key.json')
  chmodSync(path, 0o644)
  t.throws(() => openHostKey(folder), { name: 'ClusterError', exit: 'denied', hint: /chmod 600/ })
  const { signing } = JSON.parse(readFileSync(path, 'utf8')) as { signing: string }
  for (const text of ['', '{', `{"version":1,"signing":"${signing.slice(0, 60)}","sealing":"SECRET"}`, JSON.stringify({ version: 1, signing, sealing: signing })]) {
    writeFileSync(path, text)
    chmodSync(path, 0o600)
    t.throws(() => openHostKey(folder), { name: 'ClusterError', message: `${path} holds no key of a host` }, JSON.stringify(text.slice(0, 40)))
    t.equal(readFileSync(path, 'utf8'), text)
  }
})

t.test('of one public key there is one text', async (t) => {
  const { text, fingerprint } = generateHostKey().public
  t.match(text, /^aetherscale-host 1 [A-Za-z0-9+/]{86}==$/)
  t.match(fingerprint, /^SHA256:[A-Za-z0-9+/]{43}$/)
  t.match(parsePublicKey(`  ${text}\n`), { text, fingerprint })
  const base64 = text.split(' ')[2]!
  const lastBit = `${base64.slice(0, 85)}${base64[85] === 'A' ? 'B' : 'A'}==`
  const others = ['', 'aetherscale-host 1 ', `aetherscale-host 2 ${base64}`, `ssh-ed25519 ${base64}`, base64, `${text} more`, text.slice(0, -4), `${text}\n${text}`, `aetherscale-host 1 ${base64.slice(0, -2)}`]
  for (const other of others) t.equal(parsePublicKey(other), undefined, JSON.stringify(other))
  t.not(parsePublicKey(`aetherscale-host 1 ${lastBit}`)?.text, text)
})

t.test('hosts are pinned by people, and by nobody else', async (t) => {
  const folder = join(makeFolder(t), 'broker')
  const [one, two] = [generateHostKey().public, generateHostKey().public]
  t.equal(readPins(folder).size, 0)
  pin(folder, 'beta', one)
  pin(folder, 'alpha', two)
  t.same([...readPins(folder)].map(([name, { text }]) => [name, text]), [['alpha', two.text], ['beta', one.text]])
  t.equal(statSync(join(folder, 'pinned.json')).mode & 0o777, 0o600)
  const pins = readPins(folder)
  t.equal(judge(pins, 'beta', one.text), 'pinned')
  t.equal(judge(pins, 'beta', undefined), 'pinned')
  t.equal(judge(pins, 'beta', two.text), 'conflict')
  t.equal(judge(pins, 'gamma', one.text), 'unknown', 'also with a key that is pinned for another')
  pin(folder, 'beta', two)
  t.equal(judge(readPins(folder), 'beta', two.text), 'pinned')
  t.ok(unpin(folder, 'beta'))
  t.notOk(unpin(folder, 'beta'))
  t.same([...readPins(folder).keys()], ['alpha'])
})

t.test('a file of pins that cannot be read is an error, and not nobody', async (t) => {
  const folder = makeFolder(t)
  const path = join(folder, 'pinned.json')
  for (const text of ['', '[]', '{"version":2,"hosts":{}}', '{"version":1,"hosts":{"beta":"ssh-ed25519 AAAA"}}', '{"version":1,"hosts":{"../x":"a"}}']) {
    writeFileSync(path, text)
    t.throws(() => readPins(folder), { name: 'ClusterError', message: new RegExp(`^${path} cannot be used: `) }, text)
    t.throws(() => pin(folder, 'beta', generateHostKey().public), { name: 'ClusterError' }, 'nor is it written over')
  }
})
