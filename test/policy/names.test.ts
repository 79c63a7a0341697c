import t from 'tap'
import { ImageName, MacAddress, parsePortForward, PortForward, SnapshotName, VmId, VmName, VmRef } from '../../policy/names.ts'

const hostile = ['', '.', '..', '../x', 'a/b', 'a b', 'a\n', 'a\0', '-x', '$(x)', 'ä', '%d', 'a'.repeat(64)]

const grammars = {
  VmId: { schema: VmId, good: ['adbvzwdf'], bad: ['adbvzwd', 'adbvzwdfg', 'ADBVZWDF', 'adbvzwd1', 'adbvzwdf\n'] },
  VmName: { schema: VmName, good: ['a', 'web-1', '9', 'a'.repeat(63)], bad: ['web-', 'Web', 'a.b', 'a_b'] },
  VmRef: { schema: VmRef, good: ['adbvzwdf', 'web-1'], bad: ['Web', 'a.b'] },
  ImageName: { schema: ImageName, good: ['tiny', 'debian-12', 'A.b_c', 'a'.repeat(63)], bad: ['.hidden', '_x'] },
  SnapshotName: { schema: SnapshotName, good: ['a', 'before-upgrade', '2026-11-24', '9a', 'a'.repeat(63)], bad: ['1', '007', 'a-', 'A', 'a.b', 'a_b'] },
  MacAddress: {
    schema: MacAddress,
    good: ['52:54:00:12:34:56', '00:00:00:00:00:00'],
    bad: ['53:54:00:12:34:56', '52:54:00:12:34', '52-54-00-12-34-56', '52:54:00:12:34:5G', '52:54:00:12:34:5A'],
  },
}

for (const [name, { schema, good, bad }] of Object.entries(grammars)) {
  t.test(`${name} takes what its grammar says and nothing else`, async (t) => {
    for (const text of good) t.ok(schema.safeParse(text).success, `takes ${text}`)
    for (const text of [...bad, ...hostile]) t.notOk(schema.safeParse(text).success, `refuses ${JSON.stringify(text)}`)
    for (const value of [null, 1, {}, ['a']]) t.notOk(schema.safeParse(value).success, `refuses ${JSON.stringify(value)}`)
  })
}

t.test('a port forward leads from the loopback address by tcp where nothing else is said', async (t) => {
  t.strictSame(parsePortForward('2222:22'), { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 2222, guestPort: 22 })
  t.strictSame(parsePortForward('udp:0.0.0.0:5353:53'), {
    protocol: 'udp',
    hostAddress: '0.0.0.0',
    hostPort: 5353,
    guestPort: 53,
  })
})

t.test('a port forward takes ports 1 to 65535 and dotted IPv4 addresses alone', async (t) => {
  for (const text of ['1:1', '65535:65535', 'tcp:255.255.255.255:1:1']) t.ok(PortForward.safeParse(text).success, text)
  const bad = ['0:22', '22:0', '65536:1', '1:65536', '256.0.0.1:1:1', '22', ':22', '22:', 'sctp:1:1', '1:1,hostfwd=x', '1:1\n', '-1:1', '::1:1:1', '1.5:1']
  for (const text of bad) t.notOk(PortForward.safeParse(text).success, JSON.stringify(text))
})

t.test('a port forward that passes the grammar is one that can be read', async (t) => {
  for (const text of ['1:1', 'udp:1:1', '10.0.0.1:80:80', '999.0.0.1:1:1', '99999:1']) {
    t.equal(PortForward.safeParse(text).success, parsePortForward(text) !== undefined, text)
  }
})
