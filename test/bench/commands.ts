/** The command line as whole processes, against Node doing nothing. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { bundles, startHost } from './host.ts'
import { compare, time, type Row } from './measure.ts'

const program = join(bundles, 'aetherscale.js')

export async function benchCommands(): Promise<Row[]> {
  const host = await startHost(20)
  const run = (...argv: string[]) => (): Promise<number> =>
    time(async () => {
      const child = spawn(process.execPath, argv, {
        stdio: 'ignore',
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], AETHERSCALE_SOCKET_DIR: host.sockets },
      })
      const [status] = (await once(child, 'exit')) as [number]
      if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}`)
    })
  try {
    const rows: Row[] = []
    for (const [argv, atMost] of [[['--help'], 1.5], [['vm', 'list'], 2.5]] as const) {
      const { ours, baseline, ratio } = await compare(25, run(program, ...argv), run('-e', '0'))
      rows.push({
        what: `aetherscale ${argv.join(' ')}, to node -e 0`,
        ours: `${ours.toFixed(0)} ms`,
        baseline: `${baseline.toFixed(0)} ms`,
        value: ratio,
        unit: '×',
        target: { atMost },
      })
    }
    return rows
  } finally {
    await host.stop()
  }
}
