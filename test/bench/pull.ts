/** image.pull from loopback, digest and checks and all, against curl to a file and sha256sum of that. */
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '../../tui/client.ts'
import { startHost } from './host.ts'
import { compare, time, type Row } from './measure.ts'

const MIB = 2 ** 20
const SIZE_MIB = 400

export async function benchPull(): Promise<Row[]> {
  const host = await startHost(0)
  const client = await connect({ directory: host.sockets, env: {}, access: 'control' })
  const [disk, digest] = makeDisk(host.root)
  const server = spawn(process.execPath, [join(import.meta.dirname, 'disk-server.ts'), disk, digest], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = (await once(server.stdout, 'data')) as [Buffer]
  const url = `http://127.0.0.1:${String(port).trim()}/disk.qcow2`
  const copy = join(host.root, 'images', 'copy')
  try {
    const byDaemon = async (): Promise<number> => {
      // To look into the image is another matter.
      const took = await time(() => client.call('image.pull', { source: url, name: 'pulled', firstBoot: 'nocloud' }))
      await client.call('image.delete', { image: 'pulled' })
      return took
    }
    const byShell = async (): Promise<number> => {
      const took = await time(() => run('sh', ['-c', 'curl -s -o "$1" "$2" && sha256sum "$1"', 'sh', copy, url]))
      rmSync(copy)
      return took
    }
    const { ours, baseline, ratio } = await compare(9, byDaemon, byShell)
    return [
      {
        what: `image.pull of ${SIZE_MIB} MiB from loopback, to curl and sha256sum`,
        ours: `${ours.toFixed(0)} ms`,
        baseline: `${baseline.toFixed(0)} ms`,
        value: ratio,
        unit: '×',
        target: { atMost: 1.2 },
      },
    ]
  } finally {
    client.close()
    server.kill('SIGKILL')
    await host.stop()
  }
}

/** A qcow2 full of noise, and its digest beside it. */
function makeDisk(folder: string): [disk: string, digest: string] {
  const [raw, disk, digest] = ['noise.raw', 'disk.qcow2', 'disk.qcow2.sha256'].map((name) => join(folder, name)) as [string, string, string]
  for (let i = 0; i < SIZE_MIB / 16; i++) appendFileSync(raw, randomBytes(16 * MIB))
  execFileSync('qemu-img', ['convert', '-O', 'qcow2', raw, disk])
  rmSync(raw)
  writeFileSync(digest, execFileSync('sha256sum', [disk], { encoding: 'utf8' }).replace(disk, 'disk.qcow2'))
  return [disk, digest]
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const [status] = (await once(spawn(program, args, { stdio: 'ignore' }), 'exit')) as [number]
  if (status !== 0) throw new Error(`${program} ended with ${status}`)
}
