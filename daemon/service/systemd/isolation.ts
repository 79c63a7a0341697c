/** Whether a unit of this user manager can be given the sandbox of a VM: one is run, with everything but QEMU. */
import { readFileSync } from 'node:fs'
import { execa } from 'execa'
import { childEnvironment } from '../environment.ts'
import type { Isolation } from '../manager.ts'
import { readOrNothing } from '../process.ts'
import { sandboxSettings, UNSHARE } from './sandbox.ts'

const WITHIN_MS = 30_000

/** Settings of the kernel that keep plain users from making user namespaces, with the value that does. */
const obstacles = [
  ['/proc/sys/kernel/unprivileged_userns_clone', '0'],
  ['/proc/sys/user/max_user_namespaces', '0'],
  ['/proc/sys/kernel/apparmor_restrict_unprivileged_userns', '1'],
] as const

export async function probeIsolation(userRuntime: string): Promise<Isolation> {
  const files = { read: [], write: [], runtimeFolder: userRuntime }
  const settings = sandboxSettings({ files, hasUserNetwork: true, taps: [] })
  const { exitCode, stderr } = await execa(
    'systemd-run',
    ['--user', '--quiet', '--wait', '--collect', ...settings.map((setting) => `--property=${setting}`), ...UNSHARE, '/usr/bin/true'],
    { env: { ...childEnvironment(), XDG_RUNTIME_DIR: userRuntime }, extendEnv: false, stdin: 'ignore', timeout: WITHIN_MS, reject: false },
  )
  if (exitCode === 0) return { kind: 'unit', reason: 'each VM has a file system, a user namespace and processes of its own' }
  return { kind: 'none', reason: explain(exitCode, stderr) }
}

function explain(exitCode: number | undefined, stderr: string): string {
  const found = obstacles.find(([path, value]) => readOrNothing(() => readFileSync(path, 'utf8'))?.trim() === value)
  if (found) return `plain users may not make user namespaces: ${found[0].slice('/proc/sys/'.length)} is ${found[1]}`
  return `a unit with QEMU's sandbox ended with status ${exitCode ?? 'unknown'}${stderr.trim() && `: ${stderr.trim()}`}`
}
