/** From vm.clone to a VM that is whole, against qemu-img making an empty overlay on the same image. */
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../../daemon/qemu/program.ts'
import { connect } from '../../tui/client.ts'
import { startHost } from './host.ts'
import { compare, time, type Row } from './measure.ts'

export async function benchClone(): Promise<Row[]> {
  const host = await startHost(0)
  const client = await connect({ directory: host.sockets, env: {}, access: 'control' })
  const image = join(host.root, 'images', 'large.qcow2')
  const overlay = join(host.root, 'disks', 'by-hand.qcow2')
  try {
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', image, '1G'])
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 7 0 400M', image], { stdio: 'ignore' })
    await client.call('vm.create', { image: 'large', name: 'source', start: false })
    const byDaemon = async (): Promise<number> => {
      let vm = ''
      const took = await time(async () => {
        vm = (await client.call('vm.clone', { vm: 'source' })).id
      })
      await client.call('vm.delete', { vm })
      return took
    }
    const byHand = async (): Promise<number> => {
      const took = await time(() => runProgram('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', image, '-F', 'qcow2', overlay]))
      rmSync(overlay)
      return took
    }
    const { ours, baseline, ratio } = await compare(15, byDaemon, byHand)
    return [
      {
        what: 'vm.clone of a fresh VM on 400 MB, to qemu-img create -b',
        ours: `${ours.toFixed(0)} ms`,
        baseline: `${baseline.toFixed(0)} ms`,
        value: ratio,
        unit: '×',
        target: { atMost: 1.5 },
      },
    ]
  } finally {
    client.close()
    await host.stop()
  }
}
