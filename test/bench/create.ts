/** From vm.create to QEMU answering QMP, against the same commands typed into a shell. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connectQmp } from '../../daemon/qemu/qmp.ts'
import { connect, type Client } from '../../tui/client.ts'
import { startHost } from './host.ts'
import { compare, time, type Row } from './measure.ts'

const vm = { image: 'small', memoryMiB: 64 }

export async function benchCreate(): Promise<Row[]> {
  const host = await startHost(0)
  const client = await connect({ directory: host.sockets, env: {}, access: 'control' })
  try {
    const { ours, baseline, ratio } = await compare(15, () => byDaemon(client), () => byShell(client))
    return [
      {
        what: 'vm.create until QMP answers, to a shell',
        ours: `${ours.toFixed(0)} ms`,
        baseline: `${baseline.toFixed(0)} ms`,
        value: ratio,
        unit: '×',
        target: { atMost: 1.3 },
      },
    ]
  } finally {
    client.close()
    await host.stop()
  }
}

/** The answer to vm.create comes after QMP has answered. */
async function byDaemon(client: Client): Promise<number> {
  let id = ''
  const took = await time(async () => {
    id = (await client.call('vm.create', vm)).id
  })
  await client.call('vm.delete', { vm: id })
  return took
}

/** The very commands that vm.plan shows, each argument quoted, run by sh; then a greeting and one command over QMP. */
async function byShell(client: Client): Promise<number> {
  const { commands } = await client.call('vm.plan', vm)
  const qemu = commands.at(-1)!.argv
  const pidFile = qemu[qemu.indexOf('-pidfile') + 1]!
  const runtime = dirname(pidFile)
  const logs = dirname(qemu[qemu.indexOf('-D') + 1]!)
  const script = commands.map(({ argv }) => argv.map(quote).join(' ')).join(' && ')
  for (const folder of [runtime, logs]) mkdirSync(folder, { recursive: true })
  const took = await time(async () => {
    execFileSync('sh', ['-c', script], { stdio: 'ignore' })
    const qmp = await connectQmp(join(runtime, 'qmp.sock'))
    await qmp.execute('query-status')
    qmp.close()
  })
  const pid = Number(readFileSync(pidFile, 'utf8'))
  process.kill(pid, 'SIGKILL')
  while (existsSync(`/proc/${pid}/exe`)) await delay(5)
  rmSync(runtime, { recursive: true })
  return took
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
