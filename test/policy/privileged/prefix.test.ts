/** Prefixes: what is read, what is not, and which lies in which, held against the numbers and against node:net. */
import { BlockList, isIPv6 } from 'node:net'
import t from 'tap'
import { containsPrefix, parsePrefix } from '../../../policy/privileged/prefix.ts'
import { createRandom } from '../../inputs/random.ts'

const seed = Number(process.env['AETHERSCALE_SEED'] ?? Date.now() % 1_000_000)
t.comment(`AETHERSCALE_SEED=${seed}`)

t.test('a prefix is read in any of its forms, and told in one', async (t) => {
  const canonical: Record<string, string> = {
    'fd00:ae::/48': 'fd00:ae::/48', 'FD00:00AE:0:0:0:0:0:0/48': 'fd00:ae::/48', 'fd00:ae:0:1::/64': 'fd00:ae:0:1::/64', '2001:db8::/32': '2001:db8::/32',
    '2001:db8:0:0:1:0:0:0/96': '2001:db8:0:0:1::/96', '2000::/3': '2000::/3', 'fc00::/7': 'fc00::/7', '3fff:ffff:ffff:ffff::/64': '3fff:ffff:ffff:ffff::/64',
    'fd00::1/128': 'fd00::1/128', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128': 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128',
  }
  for (const [text, expected] of Object.entries(canonical)) t.equal(parsePrefix(text)?.text, expected, text)
})

t.test('what is no prefix, or can be assigned to nobody, is not read', async (t) => {
  for (const text of [
    '', '/', '::/0', '::/64', '::1/128', '::ffff:0:0/96', '::ffff:1.2.3.4/128', 'fe80::/64', 'ff02::/64', '64:ff9b::/96', '100::/64', '1fff::/16', '4000::/3', '2000::/2', 'fe00::/7',
    'fd00::', 'fd00::/', 'fd00::/129', 'fd00::/-1', 'fd00::/1e1', 'fd00::/0x40', 'fd00::/64/64', 'fd00::/0064', ' fd00::/64', 'fd00::/64 ', 'fd00::/64\n', '\tfd00::/64', 'fd00::/\u0666\u0664',
    'fd00::%lo/64', 'fd00::%25lo/64', '[fd00::]/64', 'fd00::]/64', 'fd00::1/64', 'fd00:0:0:1::/63', 'fd00/64', 'fd00:::/64', 'fd00::1::/64', 'fd00:0:0:0:0:0:0:0:0/64', ':fd00::/64',
    '\ufd00::/64', 'g000::/64', 'fd00:00000::/64', '10.0.0.0/8', 'fd00::10.0.0.0/128', 'localhost/64', 'fd00::@::1/64', `fd00:${'0:'.repeat(40)}:/64`,
  ]) t.equal(parsePrefix(text), undefined, JSON.stringify(text))
})

t.test('a prefix that reaches past what can be assigned is not read', async (t) => {
  t.equal(parsePrefix('fc00::/6'), undefined, 'it holds fe80::/10 and ff00::/8')
})

t.test('whatever the text, nothing is thrown, and what is read reads the same from its canonical form', async (t) => {
  const random = createRandom(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const pieces = ['fd', '2001', 'db8', '0', '0000', 'ffff', '1', 'fe80', ':', ':', ':', '::', '/', '/64', '/48', '/128', '/3', '.', '%', ' ', '\n', '\0', ']', '[', '@', '#', '?', '\\', '\u0660', '\ud800', 'x', '-']
  let read = 0
  for (let times = 0; times < 60_000; times += 1) {
    const text = times % 2 ? Array.from({ length: below(12) }, () => pieces[below(pieces.length)]).join('')
      : `${Array.from({ length: 1 + below(8) }, (_, at) => (at === 0 ? ['fd00', '2001', 'fe80'][below(3)] : below(3) ? '0' : below(65_536).toString(16))).join(':')}${['', '::', ':'][below(3)]}/${below(140)}`
    const prefix = parsePrefix(text)
    if (!prefix) continue
    read += 1
    const isSound = isIPv6(prefix.text.split('/')[0]!) && prefix.text === prefix.text.toLowerCase() && JSON.stringify(text) === `"${text}"`
    if (!isSound || parsePrefix(prefix.text)?.text !== prefix.text || parsePrefix(prefix.text)?.bits !== prefix.bits) t.fail(`${JSON.stringify(text)} was read as ${prefix.text}`)
  }
  t.ok(read > 300, `${read} were read`)
})

t.test('which prefix lies in which agrees with node:net', async (t) => {
  const random = createRandom(seed + 1)
  const below = (limit: number): number => Math.floor(random() * limit)
  /** Assignable, and cut at `length`. */
  const address = (bits: bigint, length: number): string =>
    ((bits >> BigInt(128 - length)) << BigInt(128 - length)).toString(16).padStart(32, '0').replace(/....(?=.)/g, '$&:')
  const tally = { inside: 0, outside: 0 }
  for (let times = 0; times < 4000; times += 1) {
    const tail = BigInt(`0x${Array.from({ length: 30 }, () => below(16).toString(16)).join('')}`)
    const bits = ((random() < 0.5 ? 0xfdn : 0x20n + BigInt(below(32))) << 120n) | tail
    const [outerLength, innerLength] = [8 + below(121), 8 + below(121)]
    // near: the two differ in one bit, before or behind the length of the outer one
    const other = random() < 0.3 ? bits : bits ^ (1n << BigInt(below(120)))
    const [outer, inner] = [parsePrefix(`${address(bits, outerLength)}/${outerLength}`), parsePrefix(`${address(other, innerLength)}/${innerLength}`)]
    if (!outer || !inner) return t.fail(`not read: ${address(bits, outerLength)}/${outerLength}`)
    const list = new BlockList()
    list.addSubnet(address(bits, outerLength), outerLength, 'ipv6')
    const expected = innerLength >= outerLength && list.check(address(other, innerLength), 'ipv6')
    tally[expected ? 'inside' : 'outside'] += 1
    if (containsPrefix(outer, inner) !== expected) t.fail(`${inner.text} in ${outer.text}: ${!expected}`)
  }
  t.ok(tally.inside > 300 && tally.outside > 300, JSON.stringify(tally))
})
