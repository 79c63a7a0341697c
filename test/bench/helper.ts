/** The privileged helper, in a network namespace of its own: against ip(8) with and without sudo, and how it grows. */
import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startHelper } from '../helper/helper-process.ts'
import { openNamespace } from '../helper/namespace.ts'
import { residentMiB } from './host.ts'
import { compare, time, type Row } from './measure.ts'
import { idleNodeMiB, SETTLE_MS } from './memory.ts'
import { BRIDGE, describeTap, ensure, grant, remove, UID } from './taps.ts'

const OTHERS = 200

/** Says which rows it leaves out, and why, where taps or sudo cannot be had. */
export async function benchHelper(): Promise<Row[]> {
  const probe = spawnSync('unshare', ['-nm', 'ip', 'tuntap', 'add', 'dev', 'probe', 'mode', 'tap'], { encoding: 'utf8' })
  if (probe.status !== 0) {
    const why = process.getuid?.() === 0 ? (probe.error?.message ?? probe.stderr.trim()) : 'this is not root'
    console.log(`Left out: all rows of the helper, which need root, network namespaces and /dev/net/tun (${why})`)
    return []
  }
  const hasSudo = spawnSync('sudo', ['-n', 'true']).status === 0
  if (!hasSudo) console.log('Left out: tap.ensure against sudo ip, for sudo is not there, or wants a password')

  const cleanings: (() => unknown)[] = []
  const test = { teardown: (clean: () => unknown) => cleanings.unshift(clean) }
  try {
    const start = async () => {
      const namespace = await openNamespace(test)
      namespace.ask('ip', 'link', 'add', BRIDGE, 'up', 'type', 'bridge')
      const helper = await startHelper(test, namespace, { [UID]: grant })
      return { namespace, helper, socket: helper.socket(UID) }
    }
    const { namespace, helper, socket } = await start()
    const [program, args] = namespace.enter(process.execPath, join(import.meta.dirname, 'helper-in-namespace.ts'), socket, ...(hasSudo ? ['sudo'] : []))
    const rows = JSON.parse((await promisify(execFile)(program, args)).stdout) as Row[]
    await delay(SETTLE_MS)
    const [size, node] = [residentMiB(helper.pid()), await idleNodeMiB()]
    rows.push({
      what: "helper's resident memory, to an idle node",
      ours: `${size.toFixed(0)} MiB`,
      baseline: `${node.toFixed(0)} MiB`,
      value: size / node,
      unit: '×',
    })
    // two at a time, so that both meet the same moods of the machine
    const full = await start()
    for (let number = 1; number <= OTHERS; number++) await ensure(full.socket, describeTap(number))
    const making = (socket: string) => async (): Promise<number> => {
      const took = await time(() => ensure(socket, describeTap(0)))
      await remove(socket, describeTap(0))
      return took
    }
    const { ours, baseline, ratio } = await compare(51, making(full.socket), making(socket))
    rows.push({
      what: `tap.ensure beside ${OTHERS} other taps, to none`,
      ours: `${ours.toFixed(2)} ms`,
      baseline: `${baseline.toFixed(2)} ms`,
      value: ratio,
      unit: '×',
    })
    return rows
  } finally {
    for (const clean of cleanings) await clean()
  }
}
