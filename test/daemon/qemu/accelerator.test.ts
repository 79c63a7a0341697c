import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bootGuest, probeAccelerator, type ProbeOptions } from '../../../daemon/qemu/accelerator.ts'
import { bootSector } from '../../../daemon/qemu/boot-sector.ts'
import { QEMU_PROGRAM } from '../../../daemon/qemu/machine.ts'
import { findProgram } from '../../../daemon/service/environment.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { UserError } from '../../../policy/errors.ts'

/** Far beyond what a boot under TCG takes on a busy machine. */
const LONG_MS = 120_000

/** A host whose KVM is as the test says: a program in QEMU's place that runs the real one with TCG, or something else. */
function makeHost(t: Parameters<typeof makeFolder>[0], script: string): ProbeOptions & { readonly runs: () => number; readonly told: () => string } {
  const folder = makeFolder(t)
  const qemu = join(folder, 'qemu')
  const log = join(folder, 'runs')
  writeFileSync(qemu, `#!/bin/sh\necho "$*" >>"${log}"\n${script}\n`)
  chmodSync(qemu, 0o755)
  mkdirSync(join(folder, 'cache'))
  return {
    mode: 'auto',
    qemu,
    cacheFile: join(folder, 'cache', 'accelerator.json'),
    bootId: 'boot-1',
    kvmDevice: '/dev/null',
    timeoutMs: LONG_MS,
    runs: () => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n').length : 0),
    told: () => readFileSync(log, 'utf8'),
  }
}

/** Real QEMU, a real boot; only the accelerator is another, and with it the CPU. */
const WORKING = `for word do shift; case $word in kvm) word=tcg;; host) word=max;; esac; set -- "$@" "$word"; done; exec ${findProgram(QEMU_PROGRAM)} "$@"`
const BROKEN = 'echo "qemu: failed to initialize kvm: Bad luck" >&2; exit 1'
/** A guest that never runs, as under a KVM that hangs. */
const HANGING = WORKING.replace('exec ', 'set -- -S "$@"; exec ')

t.test('the test guest boots under TCG, so that a failure under KVM is KVM\'s', async (t) => {
  const folder = join(makeFolder(t), 'a,b=c')
  mkdirSync(folder)
  const verdict = await bootGuest(findProgram(QEMU_PROGRAM), 'tcg', folder, LONG_MS)
  t.same(verdict, { works: true, reason: 'a test guest booted with tcg' })
  t.same(readdirSync(folder), [], 'its disk is gone')
})

t.test('the boot sector is one', (t) => {
  t.same([...bootSector().subarray(510, 512)], [0x55, 0xaa])
  t.end()
})

t.test('tcg asks nothing of the host', async (t) => {
  const host = makeHost(t, WORKING)
  t.match(await probeAccelerator({ ...host, mode: 'tcg' }), { kind: 'tcg' })
  t.equal(host.runs(), 0)
})

t.test('a KVM that boots a guest is taken', async (t) => {
  const host = makeHost(t, WORKING)
  t.match(await probeAccelerator(host), { kind: 'kvm', reason: /booted/ })
  t.match(await probeAccelerator({ ...host, mode: 'kvm' }), { kind: 'kvm' })
  t.equal(host.runs(), 1, 'asked once')
  t.match(host.told(), /-accel kvm -cpu host /, 'with the CPU that VMs get')
})

t.test('a KVM that hangs is given up, and its QEMU is gone', async (t) => {
  const host = makeHost(t, `echo $$ >"$(dirname "$0")/pid"; ${HANGING}`)
  const accelerator = await probeAccelerator({ ...host, timeoutMs: 1000 })
  t.same(accelerator, { kind: 'tcg', reason: 'a test guest with kvm hung for 1 s' })
  const pid = readFileSync(join(host.qemu, '..', 'pid'), 'utf8').trim()
  t.notOk(existsSync(`/proc/${pid}`))
  t.same(readdirSync(join(host.cacheFile, '..')), ['accelerator.json'])
})

t.test('a KVM that QEMU cannot use is told with QEMU\'s words', async (t) => {
  const host = makeHost(t, BROKEN)
  t.match(await probeAccelerator(host), { kind: 'tcg', reason: /failed to initialize kvm: Bad luck/ })
})

t.test('a device that is not there, or may not be opened, is not tried', async (t) => {
  const host = makeHost(t, WORKING)
  t.match(await probeAccelerator({ ...host, kvmDevice: '/nonexistent/kvm' }), { kind: 'tcg', reason: /there is no/ })
  t.match(await probeAccelerator({ ...host, kvmDevice: '/' }), { kind: 'tcg', reason: /cannot be opened: EISDIR/ })
  t.equal(host.runs(), 0)
  t.notOk(existsSync(host.cacheFile), 'nor remembered: it may change at any time')
})

t.test('where kvm is demanded, a failure is an error that says why', async (t) => {
  const host = makeHost(t, BROKEN)
  const error = await probeAccelerator({ ...host, mode: 'kvm' }).catch((thrown: unknown) => thrown)
  t.ok(error instanceof UserError)
  t.match(error, { message: /Bad luck/, data: { name: 'ACCEL_UNAVAILABLE', hint: /auto or tcg/ } })
})

t.test('a verdict is remembered', async (t) => {
  t.test('for this boot of the host and this QEMU', async (t) => {
    const host = makeHost(t, BROKEN)
    await probeAccelerator(host)
    t.match(await probeAccelerator(host), { kind: 'tcg', reason: /Bad luck/ })
    t.equal(host.runs(), 1)
    await probeAccelerator({ ...host, bootId: 'boot-2' })
    t.equal(host.runs(), 2, 'after a boot of the host')
    utimesSync(host.qemu, 1, 1)
    await probeAccelerator({ ...host, bootId: 'boot-2' })
    t.equal(host.runs(), 3, 'after an upgrade of QEMU')
  })
  t.test('unless it is a failure and kvm is demanded', async (t) => {
    const host = makeHost(t, BROKEN)
    await probeAccelerator(host)
    await t.rejects(probeAccelerator({ ...host, mode: 'kvm' }))
    t.equal(host.runs(), 2)
  })
  t.test('unless the memory is broken', async (t) => {
    const host = makeHost(t, BROKEN)
    for (const content of ['', '{', '[]', '{"works":true}', 'null']) {
      writeFileSync(host.cacheFile, content)
      t.match(await probeAccelerator(host), { kind: 'tcg' }, content)
    }
    t.equal(host.runs(), 5)
  })
})

t.test('the real KVM of this host, whatever it does', async (t) => {
  const host = makeHost(t, WORKING)
  const { kind, reason } = await probeAccelerator({ ...host, qemu: QEMU_PROGRAM, kvmDevice: '/dev/kvm', timeoutMs: 5000 })
  t.comment(`${kind}: ${reason}`)
  t.equal(kind === 'kvm', /booted/.test(reason))
})

t.test('without QEMU there is nothing to probe', async (t) => {
  const host = makeHost(t, WORKING)
  const error = await probeAccelerator({ ...host, qemu: '/nonexistent/qemu' }).catch((thrown: unknown) => thrown)
  t.ok(error instanceof UserError && error.data.name === 'PROGRAM_MISSING')
})
