import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Service } from '../../../../daemon/service/manager.ts'
import { idOfUnit, isAsGenerated, isIsolated, recordOf, renderTapsUnit, renderUnit, unitName, type UnitContext } from '../../../../daemon/service/systemd/unit.ts'
import type { VmId, VmName } from '../../../../policy/names.ts'

const id = 'adbvzwdf' as VmId
const context: UnitContext = {
  isolated: true,
  userRuntime: '/run/user/1000',
  node: '/usr/lib/aetherscale/node',
  powerdown: '/usr/lib/aetherscale/aetherscale-powerdown.js',
  taps: '/usr/lib/aetherscale/aetherscale-taps.js',
  helperSocket: '/run/aetherscale-net/1000.sock',
}

function describe(changes: Partial<Service> = {}): Service {
  return {
    id,
    name: 'web' as VmName,
    record: '/home/a b/.config/aetherscale/vm/adbvzwdf/vm.json',
    program: '/usr/bin/true',
    argv: ['-nodefaults', '-m', 'size=96M'],
    pidFile: '/run/user/1000/aetherscale/vm/adbvzwdf/qemu.pid',
    logFile: '/home/a/log/qemu.log',
    files: { read: ['/home/a/images/tiny.qcow2'], write: ['/home/a/disks/x.qcow2'], runtimeFolder: '/run/user/1000/aetherscale/vm/adbvzwdf' },
    taps: [],
    hasUserNetwork: true,
    shutdownSocket: '/run/user/1000/aetherscale/vm/adbvzwdf/shutdown.sock',
    limits: { cpuPercent: 150, memoryMiB: 700, tasks: 130 },
    restart: 'on-failure',
    autostart: true,
    ...changes,
  }
}

const settings = (text: string, key: string): string[] =>
  text.split('\n').filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1))

t.test('what is in the record is in the unit', (t) => {
  const text = renderUnit(describe(), context)
  t.same(settings(text, 'Description'), ['aetherscale: VM web (adbvzwdf)'])
  t.same(settings(text, 'CPUQuota'), ['150%'])
  t.same(settings(text, 'MemoryMax'), ['700M'])
  t.same(settings(text, 'TasksMax'), ['130'])
  t.same(settings(text, 'Restart'), ['on-failure'])
  t.same(settings(renderUnit(describe({ restart: 'no' }), context), 'Restart'), ['no'])
  t.same(settings(text, 'RuntimeDirectory'), ['aetherscale/vm/adbvzwdf'])
  t.same(settings(text, 'Wants'), [])
  t.equal(recordOf(text), describe().record)
  t.end()
})

t.test('a VM with taps wants their unit first, and only one with a user network may make internet sockets', (t) => {
  const text = renderUnit(describe({ taps: ['aetabc', 'aetdef'], hasUserNetwork: false }), context)
  t.same([settings(text, 'Wants'), settings(text, 'After')], [['aetherscale-taps-adbvzwdf.service'], ['aetherscale-taps-adbvzwdf.service']])
  t.same(settings(text, 'RestrictAddressFamilies'), ['AF_UNIX'])
  t.match(settings(text, 'SystemCallFilter').join(), /~.*io_uring_setup/, 'nor get round that')
  t.match(text, /^BindPaths=.*\/dev\/net\/tun/m)
  t.notMatch(renderUnit(describe(), context), /net\/tun/, 'without taps there is no device for them')
  t.same(settings(renderUnit(describe(), context), 'RestrictAddressFamilies'), ['AF_UNIX AF_INET AF_INET6'])
  const taps = renderTapsUnit(describe({ taps: ['aetabc', 'aetdef'] }), context)
  t.same(settings(taps, 'ConditionPathExists'), ['|!/sys/class/net/aetabc', '|!/sys/class/net/aetdef'])
  t.same(settings(taps, 'ExecStart'), [
    '/usr/lib/aetherscale/node /usr/lib/aetherscale/aetherscale-taps.js /run/aetherscale-net/1000.sock "/home/a b/.config/aetherscale/vm/adbvzwdf/vm.json"',
  ])
  t.end()
})

t.test('a unit without the sandbox says so', (t) => {
  const text = renderUnit(describe(), { ...context, isolated: false })
  t.notOk(isIsolated(text))
  t.match(text, /^# This host cannot keep QEMU apart/m)
  t.notMatch(text, /unshare|PrivateUsers/)
  t.ok(isIsolated(renderUnit(describe(), context)))
  t.end()
})

t.test('any change by hand is seen, of a unit of whatever VM', (t) => {
  for (const text of [renderUnit(describe(), context), renderUnit(describe({ name: undefined }), context), renderTapsUnit(describe(), context)]) {
    t.ok(isAsGenerated(text))
    for (const changed of [`${text}\n`, text.replace('Type=', 'Type= '), text.slice(0, -1), text.replace(/\([0-9a-f]{16}\)/, '(0123456789abcdef)'), `#\n${text}`, '', '[Service]\n']) {
      t.notOk(isAsGenerated(changed), changed.slice(0, 40))
    }
  }
  t.end()
})

t.test('the names of units and their VMs', (t) => {
  t.equal(idOfUnit(unitName(id)), id)
  for (const name of ['aetherscale-vm-.service', 'aetherscale-vm-ADBVZWDF.service', 'aetherscale-vm-adbvzwdf.service.d', 'aetherscaled.service', 'x']) t.equal(idOfUnit(name), undefined, name)
  t.end()
})

const strange = '/t/a b:c%n$HOME"d\'e\\f'
t.test('systemd reads every word and path as it was meant, whatever is in it', { skip: spawnSync('systemd-analyze', ['--version']).status === 0 ? false : 'systemd-analyze is not here' }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'aetherscale-unit-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true })
  })
  const path = join(folder, unitName(id))
  const service = describe({
    argv: ['-name', strange, '-x', '%i', '-y', '$MAINPID'],
    logFile: '/tmp/a b%n/qemu.log',
    files: { read: [strange], write: [`${strange}.w`], runtimeFolder: '/run/user/1000/aetherscale/vm/adbvzwdf' },
  })
  writeFileSync(path, renderUnit(service, { ...context, node: '/usr/bin/true' }))
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' })
  t.equal(stderr, '')
  t.equal(status, 0)
  t.end()
})
