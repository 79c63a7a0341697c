/** A host in a namespace whose ip(8) is a stand-in that a test can have die, hang, or wait. */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { startHelper, type Answer, type TestHelper } from './helper-process.ts'
import { UID, untilItListens } from './links.ts'
import { openNamespace, type Namespace } from './namespace.ts'

export interface Host {
  readonly namespace: Namespace
  readonly helper: TestHelper
  /** What the next ip(8) suffers, in the words of stand-in-ip.sh; `undefined`: nothing any more. */
  arm(fault?: string): void
  /** The lines that the last ip(8) got from the helper while there was a fault. */
  lines(): string[]
  /** Waits until one is paused; answers its pids. */
  paused(): Promise<number[]>
  resume(): void
  restart(): Promise<void>
  ask(method: string, params?: object): Promise<Answer>
  ip(line: string): string
}

export async function startHost(t: Test, principals: Record<string, object> = { [UID]: { prefix: 'fd00:ae::/32' } }): Promise<Host> {
  const namespace = await openNamespace(t)
  const folder = mkdtempSync(join(tmpdir(), 'aether-ip-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o755)
  copyFileSync(join(import.meta.dirname, 'stand-in-ip.sh'), join(folder, 'ip'))
  chmodSync(join(folder, 'ip'), 0o755)
  execFileSync('mkfifo', [join(folder, 'go')])
  const helper = await startHelper(t, namespace, principals, { ip: join(folder, 'ip') })
  await untilItListens(helper, Object.keys(principals).map(Number))
  return {
    namespace,
    helper,
    arm(fault) {
      if (fault === undefined) rmSync(join(folder, 'fault'), { force: true })
      else writeFileSync(join(folder, 'fault'), `${fault}\n`)
    },
    lines: () => readFileSync(join(folder, 'lines'), 'utf8').split('\n').filter(Boolean),
    async paused() {
      const file = join(folder, 'paused')
      for (let tries = 0; !existsSync(file); tries++) {
        if (tries > 2000) throw new Error('no ip(8) is paused')
        await delay(5)
      }
      const pids = readFileSync(file, 'utf8').trim().split(' ').map(Number)
      rmSync(file)
      return pids
    },
    resume: () => writeFileSync(join(folder, 'go'), '\n'),
    async restart() {
      await helper.kill()
      await helper.start()
      await untilItListens(helper, Object.keys(principals).map(Number))
    },
    ask: (method, params) => helper.ask(UID, method, params),
    ip: (line) => namespace.ask('ip', ...line.split(' ')),
  }
}
