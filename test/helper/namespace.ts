/**
 * A network namespace of a test's own, with the real kernel in it: `unshare -nm` for root, `unshare -Urnm` for anyone else
 * (who is uid 0 in there). It ends with the test, and with it all links in it.
 */
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'

interface Test {
  teardown(clean: () => unknown): unknown
}

export interface Namespace {
  /** Of a process in there. */
  readonly pid: number
  /** A command line that runs `argv` in there; its working directory is `/`. */
  enter(...argv: string[]): [program: string, args: string[]]
  /** Runs it to its end. */
  run(...argv: string[]): SpawnSyncReturns<string>
  /** Runs it and answers what it printed; throws what it complained about. */
  ask(...argv: string[]): string
}

const isRoot = process.getuid?.() === 0

/** Why no test can make a tap here; `false` if one can. For the `skip` of a test. */
export function lacksTaps(): string | false {
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK)
    return false
  } catch {
    return 'this user may not open /dev/net/tun'
  }
}

export async function openNamespace(t: Test): Promise<Namespace> {
  const prepare = 'mount -t sysfs sysfs /sys; ip link set lo up; echo ready; exec sleep infinity'
  const unshare = ['unshare', isRoot ? '-nm' : '-Urnm', 'sh', '-c', prepare]
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...unshare], { stdio: ['ignore', 'pipe', 'inherit'], env })
  t.teardown(async () => {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  })
  await once(child.stdout, 'data')
  const enter: Namespace['enter'] = (...argv) => {
    const flags = isRoot ? ['-n', '-m'] : ['-U', '-n', '-m', '--preserve-credentials']
    return ['nsenter', ['-t', String(child.pid), ...flags, '--', ...argv]]
  }
  const run: Namespace['run'] = (...argv) => {
    const [program, args] = enter(...argv)
    return spawnSync(program, args, { encoding: 'utf8', env: { ...env, LC_ALL: 'C' }, maxBuffer: 64 * 2 ** 20 })
  }
  return {
    pid: child.pid!,
    enter,
    run,
    ask(...argv) {
      const { status, stdout, stderr, error } = run(...argv)
      if (status === 0) return stdout
      throw error ?? new Error(`${argv.join(' ')}: ${stderr}`)
    },
  }
}
