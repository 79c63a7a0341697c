/**
 * Writes what a first boot does into a disk, for guests that look for no seed. libguestfs does it in a machine of its own: the
 * disk's content is never interpreted by the host.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { UserError } from '../../policy/errors.ts'
import { guestfishEnvironment } from '../qemu/guestfish.ts'
import { runProgram } from '../qemu/program.ts'
import { DONE_PATH, IDENTITY_UNIT_FILES, INIT_UNIT_FILE, RUNNER, SCRIPT_PATH, type GuestFile } from './guest-files.ts'
import { scriptOf, type FirstBootRequest } from './request.ts'

interface DiskRequest {
  /** A folder of the VM's, in which this makes one for the time being. */
  readonly folder: string
  readonly disk: string
  readonly request: FirstBootRequest
  readonly accelerator: 'kvm' | 'tcg'
}

/** Throws PROGRAM_MISSING, NO_SPACE, FIRST_BOOT_FAILED; the disk is then as it may be, and to be thrown away. */
export async function writeIntoDisk({ folder, disk, request, accelerator }: DiskRequest): Promise<void> {
  const work = await mkdtemp(join(folder, 'first-boot.'))
  try {
    const files = filesFor(request)
    const local = (index: number): string => join(work, String(index))
    await Promise.all(files.map(({ content }, index) => writeFile(local(index), content, { mode: 0o600 })))
    const commands = [
      ...files.flatMap(({ path, mode }, index) => [
        `mkdir-p ${dirname(path)}`,
        `upload ${JSON.stringify(local(index))} ${path}`,
        `chmod 0${mode.toString(8)} ${path}`,
      ]),
      `sh ${JSON.stringify(SETTLE)}`,
      `rm-f ${SETTLE}`,
    ]
    const { exitCode, stderr } = await runProgram('guestfish', guestfishArgv(disk), {
      timeoutMs: TIMEOUT_MS,
      env: guestfishEnvironment(accelerator),
      input: Readable.from(commands.map((command) => `${command}\n`)),
    })
    if (exitCode !== 0) throw explain(disk, stderr)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** The machine boots in seconds, and under TCG on a busy host in a minute or two. What the guest's own shell does is its own. */
const TIMEOUT_MS = 180_000

/** PURE: its file systems are found and mounted as the guest itself would; the first command that fails ends it. */
export function guestfishArgv(disk: string): string[] {
  return ['--rw', '--format=qcow2', '-a', disk, '-i']
}

const SETTLE = '/aetherscale-settle'
const KEYS = '/root/.ssh/authorized_keys.aetherscale'

/** PURE: the files that go into the disk; the last is run in there and removed. */
export function filesFor(request: FirstBootRequest): GuestFile[] {
  const script = scriptOf(request)
  return [
    { path: '/etc/hostname', mode: 0o644, content: `${request.hostname}\n` },
    ...IDENTITY_UNIT_FILES,
    ...(script === undefined ? [] : ([{ path: SCRIPT_PATH, mode: 0o755, content: script }, RUNNER, INIT_UNIT_FILE] as const)),
    ...(request.sshKeys.length > 0 ? [{ path: KEYS, mode: 0o644, content: `${request.sshKeys.join('\n')}\n` } as const] : []),
    { path: SETTLE, mode: 0o755, content: renderSettle(script !== undefined) },
  ]
}

/** What only the guest's own programs know how to do, and what depends on what is there. */
function renderSettle(hasScript: boolean): string {
  const units = [...IDENTITY_UNIT_FILES, ...(hasScript ? [INIT_UNIT_FILE] : [])].map(({ path }) => basename(path))
  return `#!/bin/sh
set -e
if [ ! -d /etc/systemd/system ] || ! command -v systemctl >/dev/null; then
  echo "the guest has no systemd to run anything at its first boot" >&2
  exit 3
fi
systemctl -q enable ${units.join(' ')}
: >/etc/machine-id
rm -f ${DONE_PATH}
rm -f /etc/ssh/ssh_host_*
if [ -e ${KEYS} ]; then
  umask 077
  chmod 700 /root/.ssh
  cat ${KEYS} >>/root/.ssh/authorized_keys
  rm -f ${KEYS}
fi
# Files made from outside have no label yet.
if [ -e /etc/selinux/config ]; then : >/.autorelabel; fi
`
}

function explain(disk: string, words: string): UserError {
  const last = words.trimEnd().split('\n').slice(-2).join('; ')
  if (/No space left|Disk quota/i.test(words)) return new UserError('NO_SPACE', `No space left for writing into ${disk}: ${last}`, { hint: 'Make room there' })
  return new UserError('FIRST_BOOT_FAILED', `libguestfs could not write the first boot into the disk: ${last}`, {
    hint: 'libguestfs-test-tool shows whether libguestfs works here; an image with cloud-init needs none',
  })
}
