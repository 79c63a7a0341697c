import t from 'tap'
import { checkVersions, isOlder, parseVersion } from '../../../daemon/doctor/versions.ts'

t.test('what programs print tells their version', (t) => {
  t.equal(parseVersion('QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright (c) 2003-2022'), '7.2.22')
  t.equal(parseVersion('systemd 252 (252.39-1~deb12u2)\n+PAM +AUDIT'), '252')
  t.equal(parseVersion('Version: 2.19\n\nCompiled in settings:'), '2.19')
  t.equal(parseVersion('tinc version 1.0.36 (built Apr 20 2023 22:32:01, protocol 17)'), '1.0.36')
  t.equal(parseVersion('command not found'), undefined)
  t.end()
})

t.test('versions are compared by their numbers', (t) => {
  t.ok(isOlder('7.1.99', '7.2'))
  t.ok(isOlder('9.2', '10.0'))
  t.notOk(isOlder('7.2', '7.2.0'))
  t.notOk(isOlder('7.10', '7.2'))
  t.end()
})

t.test('programs of this host are asked', async (t) => {
  const checks = await checkVersions({ hasUnits: false, advertises: false, hasVpns: false })
  t.match(checks.find(({ subject }) => subject === 'QEMU'), { detail: /^\d+\.\d+/ })
})
