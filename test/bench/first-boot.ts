/** What an init script adds to vm.create: its seed, a second disk and a port to tell by. */
import { connect, type Client } from '../../tui/client.ts'
import { startHost } from './host.ts'
import { compare, time, type Row } from './measure.ts'

/** The limit of a script, so that what costs by its size shows. */
const script = `#!/bin/sh\n${'# a line of it\n'.repeat(16_000)}`

export async function benchFirstBoot(): Promise<Row[]> {
  const host = await startHost(0)
  const client = await connect({ directory: host.sockets, env: {}, access: 'control' })
  try {
    const { ours, baseline } = await compare(15, () => create(client, { initScript: script }), () => create(client, {}))
    return [
      {
        what: 'vm.create with an init script of 235 KiB, to without',
        ours: `${ours.toFixed(0)} ms`,
        baseline: `${baseline.toFixed(0)} ms`,
        value: ours - baseline,
        unit: 'ms more',
        target: { atMost: 50 },
      },
    ]
  } finally {
    client.close()
    await host.stop()
  }
}

async function create(client: Client, more: { readonly initScript?: string }): Promise<number> {
  let id = ''
  const took = await time(async () => {
    id = (await client.call('vm.create', { image: 'small', memoryMiB: 64, ...more })).id
  })
  await client.call('vm.delete', { vm: id })
  return took
}
