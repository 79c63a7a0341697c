/** aetherscale-net: the only program with a privilege. Its sockets are handed over by systemd, or made by --listen. */
import { chmodSync, chownSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type ListenOptions } from 'node:net'
import { parseArgs } from 'node:util'
import { ALLOWLIST_FILE } from '../policy/privileged/allowlist.ts'
import { explainAllowlist } from './allowlist.ts'
import { createFulfilment } from './fulfil.ts'
import { serve } from './serve.ts'

const HELP = `usage: aetherscale-net [check] [--listen UID:PATH]... [--allowlist FILE] [--state DIR] [--ip FILE] [--nft FILE]
check: say what the allowlist (${ALLOWLIST_FILE}) grants. --listen: make a principal's socket, in a folder that only
root can write; systemd's are named principal-UID. --state: where radvd.conf is written. --ip, --nft: the programs ip(8) and nft(8).\n`
try {
  const text = { type: 'string' } as const
  const options = { listen: { ...text, multiple: true }, allowlist: text, state: text, ip: text, nft: text, help: { type: 'boolean' } } as const
  const { values, positionals: [command] } = parseArgs({ options, allowPositionals: true })
  const { listen = [], allowlist = ALLOWLIST_FILE, state = '/run/aetherscale-ra', ip = '/usr/sbin/ip', nft = '/usr/sbin/nft' } = values
  if (command === 'check') process.stdout.write(explainAllowlist(allowlist))
  else if (command !== undefined || values.help) process.stdout.write(HELP)
  else listenTo(listen, createFulfilment({ allowlist, state, ip, nft, hostId: readFileSync('/etc/machine-id', 'utf8') }))
} catch (error) {
  process.stderr.write(`aetherscale-net: ${(error as Error).message}\n`)
  process.exitCode = 1
}

/** Until SIGTERM, and then to the end of the requests that have come. */
function listenTo(listen: readonly string[], fulfil: ReturnType<typeof createFulfilment>): void {
  const open = (uid: string | undefined, place: ListenOptions): void => {
    if (uid === undefined) throw new Error('a socket is named principal-UID, or given as UID:PATH')
    const server = createServer({ allowHalfOpen: true }).listen(place)
    serve(server, Number(uid), fulfil, (line) => process.stderr.write(`${line}\n`))
    process.setMaxListeners(0).once('SIGTERM', () => server.close())
  }
  for (const argument of listen) {
    const [, uid, path = ''] = /^(\d{1,10}):(\/.{1,106})$/.exec(argument) ?? []
    rmSync(path, { force: true })
    open(uid, { path })
    chmodSync(path, 0o600)
    chownSync(path, Number(uid), process.getgid?.() ?? 0)
  }
  // sd_listen_fds(3): descriptors from 3 on, and their names
  const names = process.env['LISTEN_PID'] === String(process.pid) ? (process.env['LISTEN_FDNAMES'] ?? '').split(':') : []
  for (const [index, name] of names.entries()) open(/^principal-(\d{1,10})$/.exec(name)?.[1], { fd: 3 + index } as ListenOptions)
  if (listen.length + names.length === 0) throw new Error('no socket: neither --listen nor systemd names one')
}
