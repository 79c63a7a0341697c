/** From vm.create to QEMU answering QMP, against the same commands typed into a shell. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connectQmp, type Qmp } from '../../daemon/qemu/qmp.ts'
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
  const { commands, files } = await client.call('vm.plan', vm)
  for (const file of files) mkdirSync(dirname(file), { recursive: true })
  const socket = files.find((file) => file.endsWith('/qmp.sock'))!
  const script = commands.map(({ argv }) => argv.map(quote).join(' ')).join(' && exec ')
  let shell: ChildProcess | undefined
  const took = await time(async () => {
    shell = spawn('sh', ['-c', script], { stdio: 'ignore' })
    const qmp = await connectSoon(socket, shell)
    await qmp.execute('query-status')
    qmp.close()
  })
  const ended = once(shell!, 'exit')
  shell!.kill('SIGKILL')
  await ended
  return took
}

async function connectSoon(socket: string, shell: ChildProcess): Promise<Qmp> {
  for (;;) {
    const qmp = await connectQmp(socket).catch(() => undefined)
    if (qmp) return qmp
    if (shell.exitCode !== null) throw new Error('QEMU did not start from the shell')
    await delay(5)
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
