/** A QEMU with the tiny image, started as the daemon starts one, for the tests of the image itself. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { createGuestAgent, type GuestAgent } from '../../daemon/qemu/agent.ts'
import { AGENT_PORT, qemuArgv } from '../../daemon/qemu/argv.ts'
import { connectQmp, type Qmp } from '../../daemon/qemu/qmp.ts'
import type { MacAddress, VmId } from '../../policy/names.ts'
import { ensureTinyImage } from './tiny-image.ts'

/** Machines that run tests are slow and busy; this only bounds waits that should end long before. */
export const WITHIN_MS = 240_000

/** A disk that stands on the tiny image, in a folder of its own; gone when the test ends. */
export async function makeDisk(t: Test): Promise<string> {
  const image = await ensureTinyImage()
  const folder = mkdtempSync(join(tmpdir(), 'aetherscale-tiny-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const disk = join(folder, 'disk.qcow2')
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', image, '-F', 'qcow2', disk])
  return disk
}

export interface Machine {
  readonly qmp: Qmp
  readonly agent: GuestAgent
  readonly console: Console
  /** Resolves when a guest agent has opened its port for the `times`th time since power-on. */
  agentOpened(times?: number): Promise<void>
  /** QEMU's exit status. */
  readonly ended: Promise<number | null>
}

export interface Console {
  type(text: string): void
  /** Resolves when the guest has printed `text` after the last text that was waited for. */
  printed(text: string): Promise<void>
}

/** Powers a machine on; killed when the test ends if it still runs. `more` are further arguments for QEMU. */
export async function powerOn(t: Test, disk: string, more: readonly string[] = []): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'aetherscale-tiny-'))
  const at = (name: string): string => join(folder, name)
  const paths = { qmp: at('qmp'), shutdown: at('shutdown'), agent: at('agent'), console: at('console'), consoleLog: at('log') }
  const argv = qemuArgv({
    id: 'tinytest' as VmId,
    machine: 'pc-i440fx-7.2',
    accelerator: 'tcg',
    vcpus: 1,
    memoryMiB: 96,
    disk,
    nics: [{ mac: '52:54:00:12:34:56' as MacAddress, forwards: [] }],
    paths,
  })
  // Killed with this process as well, should that not live to see the teardown.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...argv, ...more], { stdio: ['ignore', 'inherit', 'inherit'] })
  const ended = once(child, 'exit').then(([status]) => status as number | null)
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
    qmp.close()
    socket.destroy()
    rmSync(folder, { recursive: true, force: true })
  })
  const qmp = await eventually(() => connectQmp(paths.qmp), 'QMP')
  const opened = countOpens(qmp)
  const socket = await eventually(() => connectTo(paths.console), 'the console')
  return {
    qmp,
    agent: createGuestAgent(paths.agent, { timeoutMs: WITHIN_MS }),
    console: watchConsole(socket, () => readFileSync(paths.consoleLog, 'latin1')),
    agentOpened: (times = 1) => until(() => opened() >= times, 'the guest agent'),
    ended,
  }
}

function countOpens(qmp: Qmp): () => number {
  let count = 0
  qmp.onEvent(({ event, data }) => {
    const about = data as { id?: string; open?: boolean } | undefined
    if (event === 'VSERPORT_CHANGE' && about?.id === AGENT_PORT && about.open) count += 1
  })
  return () => count
}

function watchConsole(socket: Socket, log: () => string): Console {
  socket.resume()
  let from = 0
  return {
    type: (text) => void socket.write(text),
    async printed(text) {
      await until(() => log().includes(text, from), `"${text}" on the console`)
      from = log().indexOf(text, from) + text.length
    },
  }
}

async function connectTo(path: string): Promise<Socket> {
  const socket = connect(path)
  await once(socket, 'connect')
  return socket
}

async function eventually<T>(attempt: () => Promise<T>, what: string): Promise<T> {
  let result: T | undefined
  await until(() => attempt().then((value) => ((result = value), true), () => false), what)
  return result as T
}

/** Asks until the answer is yes. Throws after {@link WITHIN_MS}. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const begin = performance.now(); !(await isSo()); await delay(50)) {
    if (performance.now() - begin > WITHIN_MS) throw new Error(`waited too long for ${what}`)
  }
}
