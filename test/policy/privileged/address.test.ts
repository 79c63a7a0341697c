import t from 'tap'
import { parseAddress } from '../../../policy/privileged/address.ts'

t.test('a unicast address is read into its canonical form', async (t) => {
  for (const text of ['1.0.0.0', '10.0.0.1', '126.255.255.255', '128.0.0.1', '192.0.2.7', '203.0.113.249', '223.255.255.255']) {
    t.strictSame(parseAddress(text), { version: 4, text })
  }
  t.strictSame(parseAddress('2001:0DB8:0::1'), { version: 6, text: '2001:db8::1' })
  t.strictSame(parseAddress('fd00:ae:0:1::53'), { version: 6, text: 'fd00:ae:0:1::53' })
})

t.test('nothing else is an address', async (t) => {
  const notUnicast = ['0.0.0.0', '0.1.2.3', '127.0.0.1', '127.255.0.1', '224.0.0.1', '255.255.255.255', '::', '::1', 'fe80::1', 'ff02::1']
  const notIPv4 = ['1.2.3', '1.2.3.4.5', '1.2.3.256', '1.2.3.299', '01.2.3.4', '1.2.3.04', '1.2.3.4/32', '0x1.2.3.4', '1,2,3,4', '1d2d3d4', '16909060', 'd.2.3.4']
  const notIPv6 = ['2001:db8::1%eth0', '::ffff:192.0.2.7', '2001:db8::1/128', '[2001:db8::1]', '2001:db8', '2001:db8::1::2']
  const hostile = ['', ' ', '192.0.2.7\n', '\n192.0.2.7', '192.0.2.7 ', '192.0.2.7\0', '2001:db8::1\n', '192.0.2.7\n10.0.0.1']
  for (const text of [...notUnicast, ...notIPv4, ...notIPv6, ...hostile]) t.equal(parseAddress(text), undefined, JSON.stringify(text))
})
