import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { QEMU_PROGRAM } from '../../../daemon/qemu/machine.ts'
import { createEmbeddedManager } from '../../../daemon/service/embedded.ts'
import type { Service, ServiceManager, ServiceProcess } from '../../../daemon/service/manager.ts'
import type { VmId } from '../../../policy/names.ts'

/** A real QEMU without a machine: it comes up and waits. */
function idleQemu(t: Test, more: readonly string[] = []): Service {
  const folder = t.testdir()
  const pidFile = join(folder, 'qemu.pid')
  return {
    id: 'adbvzwdf' as VmId,
    name: undefined,
    record: join(folder, 'vm.json'),
    program: QEMU_PROGRAM,
    argv: ['-machine', 'none', '-nodefaults', '-display', 'none', ...more],
    pidFile,
    logFile: join(folder, 'qemu.log'),
    files: { read: [], write: [], runtimeFolder: folder },
    taps: [],
    hasUserNetwork: false,
    shutdownSocket: join(folder, 'shutdown.sock'),
    limits: { cpuPercent: 100, memoryMiB: 64, tasks: 64 },
    restart: 'no',
    autostart: false,
  }
}

/** Starts it; ended with the test. */
async function start(t: Test, manager: ServiceManager, service: Service): Promise<ServiceProcess> {
  const started = await manager.start(service)
  t.teardown(() => manager.signal(service, 'SIGKILL'))
  if (!started) throw new Error('QEMU ended at once')
  return started
}

async function until(isTrue: () => boolean): Promise<void> {
  for (const begin = performance.now(); !isTrue(); await delay(10)) {
    if (performance.now() - begin > 30_000) throw new Error('not within 30 s')
  }
}

t.test('a QEMU that was started is found, by another manager as well, until a signal ends it', async (t) => {
  const service = idleQemu(t)
  const manager = createEmbeddedManager()
  const { pid } = await start(t, manager, service)
  t.equal(manager.find(service)?.pid, pid, 'at once')
  const next = createEmbeddedManager()
  await until(() => next.find(service)?.pid === pid)
  await next.signal(service, 'SIGTERM')
  await until(() => manager.find(service) === undefined)
  t.equal(next.find(service), undefined)
  await t.resolves(next.signal(service, 'SIGTERM'), 'a signal to nobody')
})

t.test('a QEMU whose pid file has gone is found by the next manager all the same', async (t) => {
  const service = idleQemu(t)
  const manager = createEmbeddedManager()
  const { pid } = await start(t, manager, service)
  await until(() => existsSync(service.pidFile))
  rmSync(service.pidFile)
  const next = createEmbeddedManager()
  t.equal(next.find(service)?.pid, pid)
  t.equal((await next.start(service))?.pid, pid, 'and no second one is started')
})

t.test('the log says which signal ended a QEMU, which itself cannot', async (t) => {
  const service = idleQemu(t)
  const { pid } = await start(t, createEmbeddedManager(), service)
  process.kill(pid, 'SIGKILL')
  await until(() => readFileSync(service.logFile, 'utf8') !== '')
  t.match(readFileSync(service.logFile, 'utf8'), /^\S+Z it was ended by SIGKILL\n$/)
})

t.test('a program that is not there is named', async (t) => {
  const manager = createEmbeddedManager()
  t.match(await t.rejects(manager.start({ ...idleQemu(t), program: 'qemu-system-none' })), {
    data: { name: 'PROGRAM_MISSING' },
    message: /qemu-system-none/,
  })
})

t.test('a stranger is never taken for a VM, whatever the pid file and its own command line say', async (t) => {
  const service = idleQemu(t)
  // -pidfile and the path on its command line, and no QEMU.
  const stranger = spawn('sh', ['-c', 'sleep 600 & wait', '-pidfile', service.pidFile], { stdio: 'ignore', detached: true })
  await once(stranger, 'spawn')
  t.teardown(() => process.kill(-(stranger.pid ?? 0), 'SIGKILL'))
  writeFileSync(service.pidFile, String(stranger.pid))
  const manager = createEmbeddedManager()
  t.equal(manager.find(service), undefined)
  await manager.signal(service, 'SIGKILL')
  t.equal(stranger.signalCode, null)
  t.doesNotThrow(() => process.kill(stranger.pid ?? 0, 0), 'it lives')
})

t.test('a QEMU of another VM is not taken for this one', async (t) => {
  const other = idleQemu(t)
  const manager = createEmbeddedManager()
  const { pid } = await start(t, manager, other)
  const pidFile = join(t.testdirName, 'mine.pid')
  writeFileSync(pidFile, String(pid))
  t.equal(createEmbeddedManager().find({ id: 'bbbbbbbb' as VmId, pidFile }), undefined)
})

const nonsense: readonly [string, (path: string) => void][] = [
  ['is not there', () => undefined],
  ['is empty', (path) => { writeFileSync(path, '') }],
  ['holds no number', (path) => { writeFileSync(path, 'x') }],
  ['names init', (path) => { writeFileSync(path, '1') }],
  ['names every process', (path) => { writeFileSync(path, '-1') }],
  ['names a process that there is not', (path) => { writeFileSync(path, '4194304') }],
  ['is a folder', (path) => { mkdirSync(path) }],
]
for (const [what, make] of nonsense) {
  t.test(`a pid file that ${what} means that nothing runs`, (t) => {
    const service = idleQemu(t)
    make(service.pidFile)
    t.equal(createEmbeddedManager().find(service), undefined)
    t.end()
  })
}
