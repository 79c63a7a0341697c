import t from 'tap'
import { MacAddress, Prefix64 } from '../../../policy/names.ts'
import { containsPrefix, parsePrefix } from '../../../policy/privileged/prefix.ts'
import { choosePrefix, slaacAddress } from '../../../daemon/vpn/prefix.ts'

const refusal = (message: RegExp) => ({ name: 'UserError', message, data: { name: 'VPN_PREFIX_REFUSED', field: 'prefix', hint: /.+/ } })

t.test('a /64 of the grant is drawn, in its canonical form', async (t) => {
  for (const grant of ['fd5e:a1ce::/48', 'fc00::/7', '2001:db8::/32', '2000::/3', 'fd00:0:0:8000::/49']) {
    const drawn = Array.from({ length: 20 }, () => choosePrefix(grant, []))
    for (const text of drawn) {
      t.ok(Prefix64.safeParse(text).success, text)
      t.equal(parsePrefix(text)?.text, text)
      t.ok(containsPrefix(parsePrefix(grant)!, parsePrefix(text)!), `${text} is inside ${grant}`)
    }
    t.ok(new Set(drawn).size > 1, 'not the same one for all hosts')
  }
  t.equal(choosePrefix('fd00:ae:0:1::/64', []), 'fd00:ae:0:1::/64', 'the only one')
})

t.test('the draw decides, and what is in use is passed over', async (t) => {
  const draw = (value: bigint) => (octets: number): Buffer => {
    t.equal(octets, 8)
    const buffer = Buffer.alloc(8)
    buffer.writeBigUInt64BE(value)
    return buffer
  }
  t.equal(choosePrefix('fd00:ae::/48', [], draw(0x1234n)), 'fd00:ae:0:1234::/64')
  t.equal(choosePrefix('fd00:ae::/48', [], draw(0xffff_ffff_ffff_0007n)), 'fd00:ae:0:7::/64', 'bits that the grant has no room for do not get out of it')
  t.equal(choosePrefix('fd00:ae::/48', ['fd00:ae:0:1234::/64', 'FD00:00ae:0:1235::/64'], draw(0x1234n)), 'fd00:ae:0:1236::/64')
  t.equal(choosePrefix('fd00:ae::/48', ['fd00:ae:0:ffff::/64'], draw(0xffffn)), 'fd00:ae::/64', 'and on from the first')
  t.equal(choosePrefix('fd00:ae::/48', ['fd00:af:0:1::/64', 'nonsense', 'fd00:ae:0:2::/64'], draw(1n)), 'fd00:ae:0:1::/64')
})

t.test('every prefix of a grant is given before there is none left', async (t) => {
  const taken: Prefix64[] = []
  for (let count = 0; count < 16; count++) taken.push(choosePrefix('fd00:ae:0:30::/60', taken))
  t.strictSame([...taken].sort(), Array.from({ length: 16 }, (_, at) => `fd00:ae:0:3${at.toString(16)}::/64`))
  t.throws(() => choosePrefix('fd00:ae:0:30::/60', taken), refusal(/All 16 prefixes of 64 bits in fd00:ae:0:30::\/60/))
})

t.test('without a grant there is no prefix', async (t) => {
  for (const grant of [undefined, '', 'fd00:ae::/65', 'fe80::/10', 'fd00:ae::1/64']) t.throws(() => choosePrefix(grant, []), refusal(/grants no prefix/))
})

t.test('an address made of a MAC address is its EUI-64 behind the prefix', async (t) => {
  const cases: [prefix: string, mac: string, address: string][] = [
    // RFC 4291, appendix A: the universal bit is inverted
    ['2001:db8::/64', '34:56:78:9a:bc:de', '2001:db8::3656:78ff:fe9a:bcde'],
    ['fd00:ae:0:1::/64', '52:54:00:12:34:56', 'fd00:ae:0:1:5054:ff:fe12:3456'],
    ['fd00:ae::/64', '02:00:00:00:00:00', 'fd00:ae::ff:fe00:0'],
    ['FD00:00AE:0:0::/64', '00:00:00:00:00:01', 'fd00:ae::200:ff:fe00:1'],
  ]
  for (const [prefix, mac, address] of cases) t.equal(slaacAddress(Prefix64.parse(prefix), MacAddress.parse(mac)), address)
})
