import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkSession } from '../../../daemon/doctor/session.ts'
import type { Check } from '../../../policy/api/system.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { listenOnSocket } from '../../fakes/socket-server.ts'

const uid = process.getuid?.() ?? 0
const account = { uid, name: 'ann' }

interface Host {
  readonly root: string
  look(changes?: { userRuntime?: undefined; hasUnits?: boolean; runtime?: string }): Promise<(subject: string) => Check | undefined>
}

/** A host where all is as it should be. */
async function openHost(t: Test): Promise<Host> {
  const root = makeFolder(t)
  const at = (...names: string[]): string => join(root, ...names)
  const group = at('cgroup', 'user.slice', `user-${uid}.slice`, `user@${uid}.service`)
  for (const folder of [at('linger'), at('run', 'systemd'), group]) mkdirSync(folder, { recursive: true })
  chmodSync(at('run'), 0o700)
  writeFileSync(at('linger', 'ann'), '')
  writeFileSync(at('cgroup', 'cgroup.controllers'), 'cpuset cpu io memory pids\n')
  writeFileSync(join(group, 'cgroup.controllers'), 'cpu memory pids\n')
  await listenOnSocket(t, at('run', 'systemd', 'private'), () => undefined)
  return {
    root,
    async look(changes = {}) {
      const session = { account, userRuntime: at('run'), hasUnits: true, runtime: at('run', 'aetherscale'), ...changes }
      const checks = await checkSession(session, { linger: at('linger'), cgroups: at('cgroup') })
      return (subject) => checks.find((check) => check.subject === subject)
    },
  }
}

t.test('a session that outlives logins, with a manager that may limit, is sound', async (t) => {
  const check = await (await openHost(t)).look()
  for (const subject of ['lingering', 'XDG_RUNTIME_DIR', 'user manager', 'control groups']) t.match(check(subject), { status: 'ok' }, subject)
})

t.test('without lingering something is lost at logout, and one command mends it', async (t) => {
  const { root, look } = await openHost(t)
  rmSync(join(root, 'linger', 'ann'))
  t.match((await look())('lingering'), { status: 'degraded', detail: /VMs end/, remedy: 'sudo loginctl enable-linger ann' })
  t.match((await look({ hasUnits: false }))('lingering'), { status: 'degraded', detail: /sockets go/ })
  t.equal((await look({ hasUnits: false, runtime: '/srv/run' }))('lingering'), undefined, 'nothing of the session is in use')
})

t.test('the folder of the session has to be there, ours and ours alone', async (t) => {
  const { root, look } = await openHost(t)
  t.match((await look({ userRuntime: undefined }))('XDG_RUNTIME_DIR'), { status: 'missing', detail: /not set/ })
  chmodSync(join(root, 'run'), 0o755)
  t.match((await look())('XDG_RUNTIME_DIR'), { status: 'degraded', detail: /mode 0755/, remedy: `sudo chown ${uid} ${root}/run && sudo chmod 0700 ${root}/run` })
  rmSync(join(root, 'run'), { recursive: true })
  t.match((await look())('XDG_RUNTIME_DIR'), { status: 'missing', detail: /not there/, remedy: 'sudo loginctl enable-linger ann' })
  t.match((await look())('user manager'), { status: 'missing', detail: /there is none/, remedy: `sudo systemctl start user@${uid}.service` })
})

t.test('controllers that are not delegated do not limit', async (t) => {
  const { root, look } = await openHost(t)
  const group = join(root, 'cgroup', 'user.slice', `user-${uid}.slice`, `user@${uid}.service`)
  writeFileSync(join(group, 'cgroup.controllers'), 'pids\n')
  t.match((await look())('control groups'), { status: 'degraded', detail: /cpu, memory do not hold/, remedy: /Delegate=cpu memory pids/ })
  writeFileSync(join(root, 'cgroup', 'cgroup.controllers'), 'cpu pids\n')
  const check = (await look())('control groups')
  t.match(check, { status: 'degraded', detail: /the kernel has none/ })
  t.notOk(check && 'remedy' in check)
  rmSync(join(root, 'cgroup', 'cgroup.controllers'))
  t.match((await look())('control groups'), { status: 'degraded', detail: /not version 2/ })
})
