/** A fresh Debian machine of a test's own (box.sh), with a network of its own. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const script = join(import.meta.dirname, 'box.sh')
/** Only bounds a wait that should end long before; the longest is for the 60 s after which an uplink moves back. */
const WITHIN_MS = 180_000

interface Test {
  teardown(clean: () => unknown): unknown
}

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Box {
  /** Runs a command line of sh(1) as root; answers what it printed, without the last newline, and throws if it fails. */
  sh(line: string): string
  /** Runs a command as a user of the box, to whatever end it comes to. */
  as(user: string, argv: readonly string[], input?: string): Ended
  /** Copies files and folders of the host into a folder. */
  put(folder: string, ...files: string[]): void
  /** Runs {@link sh} again and again until `isRight` of its answer; throws the last answer after a while. */
  until(line: string, isRight: (answer: string) => boolean): Promise<string>
  /** Powers it off and boots it again; its files are what they were. */
  reboot(): void
  /** Ends it as a power failure does; its files are what they were. */
  crash(): void
  /** Boots it again after that. */
  boot(): void
}

/** Why no box can be opened here; `false` if one can. For the `skip` of a test. */
export function lacksBoxes(): string | false {
  if (process.getuid?.() !== 0) return 'only root can boot a machine in a container'
  for (const [program, name] of [['systemd-nspawn', 'systemd-container'], ['mmdebstrap', 'mmdebstrap'], ['pgrep', 'procps']] as const) {
    if (!hasProgram(program)) return `${program} is missing: apt-get install ${name}`
  }
  return spawnSync('unshare', ['--mount', 'true']).status !== 0 && 'this root may not mount anything'
}

function hasProgram(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

export interface BoxOptions {
  /** Of systemd-nspawn(1). */
  readonly nspawn?: readonly string[]
  /**
   * A process in whose network the other ends of its cables are, and the bridge of `--network-bridge=`; where they are in
   * this process's own if left out.
   */
  readonly wiredTo?: number
}

export function openBox(t: Test, name: string, { nspawn = [], wiredTo }: BoxOptions = {}): Box {
  const call = (argv: readonly string[], input = ''): Ended => {
    const command = [...(wiredTo === undefined ? [] : ['nsenter', `--target=${wiredTo}`, '--net', '--']), 'bash', script, ...argv]
    const { error, status, stdout, stderr } = spawnSync(command[0]!, command.slice(1), { encoding: 'utf8', input, maxBuffer: 2 ** 26 })
    if (error) throw error
    return { status, stdout, stderr }
  }
  const demand = (...argv: string[]): string => {
    const { status, stdout, stderr } = call(argv)
    if (status !== 0) throw new Error(`box.sh ${argv.join(' ')}: ${stderr}${stdout}`)
    return stdout.trimEnd()
  }
  demand('up', name, '--private-network', ...nspawn)
  t.teardown(() => demand('down', name))
  const box: Box = {
    sh: (line) => demand('run', name, 'sh', '-ec', line),
    as: (user, argv, input) => call(['as', name, user, ...argv], input),
    put: (folder, ...files) => void demand('put', name, ...files, folder),
    async until(line, isRight) {
      const end = Date.now() + WITHIN_MS
      for (;;) {
        const answer = box.sh(line)
        if (isRight(answer)) return answer
        if (Date.now() > end) throw new Error(`${line}: still ${answer}`)
        await delay(100)
      }
    },
    reboot: () => void demand('reboot', name),
    crash: () => void demand('crash', name),
    boot: () => void demand('boot', name),
  }
  return box
}
