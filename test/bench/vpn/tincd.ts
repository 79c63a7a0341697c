/** tincd in the network of a host of the bench, until the bench ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Side } from './pair.ts'

interface Test {
  teardown(clean: () => unknown): unknown
}

/** `user` is who it runs as. Throws what it said if it ends before it is stopped. */
export function startTincd(t: Test, { host }: Side, folder: string, user: string): void {
  const asUser = ['setpriv', `--reuid=${user}`, '--regid=65534', '--clear-groups', '--pdeathsig=KILL']
  const [program, args] = host.enter(...asUser, 'tincd', '--config', folder, '--pidfile', join(folder, 'pid'), '--no-detach')
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } })
  const words = text(child.stderr)
  let isWanted = true
  const ended = once(child, 'exit').then(async ([status]) => {
    if (isWanted) throw new Error(`tincd ended with ${String(status)}: ${await words}`)
  })
  t.teardown(async () => {
    isWanted = false
    child.kill('SIGKILL')
    await ended
  })
}
