/** Asks the programs that VMs and networks stand on how old they are. */
import type { Check } from '../../policy/api/system.ts'
import { QEMU_PROGRAM } from '../qemu/machine.ts'
import { runProgram } from '../qemu/program.ts'
import { locateProgram } from '../service/environment.ts'

interface Needs {
  /** Whether VMs are units of systemd's. */
  readonly hasUnits: boolean
  /** Whether a private network has a prefix. */
  readonly advertises: boolean
  readonly hasVpns: boolean
}

interface Program {
  readonly subject: string
  readonly program: string
  /** The oldest that this is tried with: what Debian 12 has. */
  readonly oldest: string
  /** What to say where it is not installed; `undefined` where that says nothing, or is said elsewhere. */
  readonly absent: Omit<Check, 'subject'> | undefined
}

/** Programs say their version at once; one on a disk that hangs must not hold up the rest. */
const WITHIN_MS = 2000

export async function checkVersions({ hasUnits, advertises, hasVpns }: Needs): Promise<Check[]> {
  const install = (name: string): string => `sudo apt-get install ${name}`
  const programs: Program[] = [
    { subject: 'QEMU', program: QEMU_PROGRAM, oldest: '7.2', absent: undefined },
    {
      subject: 'systemd',
      program: 'systemctl',
      oldest: '252',
      absent: hasUnits ? { status: 'missing', detail: 'not installed; VMs are its units', remedy: install('systemd') } : undefined,
    },
    {
      subject: 'radvd',
      program: 'radvd',
      oldest: '2.19',
      absent: advertises
        ? { status: 'missing', detail: 'not installed; nobody advertises the prefixes of private networks', remedy: install('radvd') }
        : { status: 'ok', detail: 'not installed; a private network with a prefix needs it' },
    },
    {
      subject: 'tinc',
      program: 'tincd',
      oldest: '1.0.36',
      absent: hasVpns
        ? { status: 'missing', detail: 'not installed; VPNs do not reach other hosts', remedy: install('tinc') }
        : { status: 'ok', detail: 'not installed; a VPN needs it' },
    },
  ]
  return (await Promise.all(programs.map(checkVersion))).flat()
}

async function checkVersion({ subject, program, oldest, absent }: Program): Promise<Check[]> {
  const path = locateProgram(program)
  if (path === undefined) return absent ? [{ subject, ...absent }] : []
  const { stdout, stderr, timedOut } = await runProgram(path, ['--version'], { timeoutMs: WITHIN_MS })
  const version = parseVersion(`${stdout}\n${stderr}`)
  if (version === undefined) {
    const why = timedOut ? `no answer within ${WITHIN_MS / 1000} s` : `it says "${(stdout || stderr).split('\n')[0] ?? ''}"`
    return [{ subject, status: 'degraded', detail: `${path} does not tell its version: ${why}` }]
  }
  if (isOlder(version, oldest)) {
    return [{ subject, status: 'degraded', detail: `${version} is older than ${oldest}, which Debian 12 has, and not tried` }]
  }
  return [{ subject, status: 'ok', detail: version }]
}

/** PURE: the version in what QEMU, systemctl, radvd and tincd print for `--version`. */
export function parseVersion(text: string): string | undefined {
  return /\b(?:version:?|systemd) (\d+(?:\.\d+)*)/i.exec(text)?.[1]
}

/** PURE: whether a dotted version comes before another; what is not said is 0. */
export function isOlder(version: string, than: string): boolean {
  const [mine, other] = [version, than].map((text) => text.split('.').map(Number)) as [number[], number[]]
  for (let place = 0; place < Math.max(mine.length, other.length); place += 1) {
    const difference = (mine[place] ?? 0) - (other[place] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
