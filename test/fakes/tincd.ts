/** A stand-in for tincd: a process that says it is ready and counts the times that it is told to read its configuration again. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { TincdManager, Tunnel } from '../../daemon/vpn/tincd/manager.ts'

export interface FakeTincd extends TincdManager {
  /** Resolves when the tincd of a VPN was sent SIGHUP this often; rejects after a while. */
  reloaded(name: string, times: number): Promise<void>
  /** From now on, what it says instead of starting. */
  refuse(words: string | undefined): void
  /** Names of those that were started, in order. */
  readonly started: string[]
}

const SCRIPT = `trap 'echo reload >> "$1"' HUP; trap 'exit 0' TERM; echo Ready >> "$2"; while :; do sleep 0.05; done`

export function createFakeTincd(t: { teardown(clean: () => void): unknown }, folder: string): FakeTincd {
  const running = new Map<string, ChildProcess>()
  const noteOf = (name: string): string => join(folder, `${name}.reloads`)
  const started: string[] = []
  let refusal: string | undefined
  t.teardown(() => {
    for (const child of running.values()) child.kill('SIGKILL')
  })
  return {
    started,
    async reloaded(name, times) {
      const count = (): number => (existsSync(noteOf(name)) ? readFileSync(noteOf(name), 'utf8').split('\n').length - 1 : 0)
      for (let tries = 0; count() < times && tries < 500; tries += 1) await delay(20)
      if (count() !== times) throw new Error(`tincd of ${name} was told to reload ${count()} times, not ${times}`)
    },
    refuse(words) {
      refusal = words
    },
    find({ name }) {
      const pid = running.get(name)?.pid
      return pid === undefined ? undefined : { pid, startedAt: new Date() }
    },
    async start({ name, paths }: Tunnel) {
      started.push(name)
      if (refusal !== undefined) return appendFileSync(paths.log, `${refusal}\n`)
      const child = spawn('sh', ['-c', SCRIPT, 'sh', noteOf(name), paths.log], { stdio: 'ignore' })
      await once(child, 'spawn')
      running.set(name, child)
    },
    async remove({ name }) {
      const child = running.get(name)
      if (!child) return
      running.delete(name)
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
