/** aetherscale-net: the only program with a privilege. Its sockets are handed over by systemd, or made by --listen. */
import { chmodSync, chownSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type ListenOptions } from 'node:net'
import { parseArgs } from 'node:util'
import { ALLOWLIST_FILE } from '../policy/privileged/allowlist.ts'
import { explainAllowlist } from './check.ts'
import { createFulfilment } from './fulfil.ts'
import { serve } from './serve.ts'

const HELP = `usage: aetherscale-net [--listen UID:PATH]... [--allowlist FILE] [--state DIR] [--ip FILE]
       aetherscale-net check [--allowlist FILE]

Changes the host's network for the principals of an allowlist, ${ALLOWLIST_FILE}. A socket a principal: taken
over from systemd by the name principal-UID, or made at PATH, which has to be in a folder that only root can write.
\`check\` says in words what an allowlist grants. --state is where radvd.conf is written, --ip is ip(8).
`
/** sd_listen_fds(3), SD_LISTEN_FDS_START. */
const FIRST_FD = 3

function main(env: NodeJS.ProcessEnv): void {
  const text = { type: 'string' } as const
  const options = { listen: { ...text, multiple: true }, allowlist: text, state: text, ip: text, help: { type: 'boolean' } } as const
  const { values, positionals: [command] } = parseArgs({ options, allowPositionals: true })
  const { listen = [], allowlist = ALLOWLIST_FILE, state = '/run/aetherscale-ra', ip = '/usr/sbin/ip', help = command !== undefined } = values
  if (command === 'check') {
    const { text, isValid } = explainAllowlist(allowlist)
    process.exitCode = isValid ? 0 : 1
    return void process.stdout.write(`${text}\n`)
  }
  if (help) return void process.stdout.write(HELP)
  const fulfil = createFulfilment({ allowlist, state, ip, hostId: readFileSync('/etc/machine-id', 'utf8') })
  const open = (uid: string | undefined, place: ListenOptions): void => {
    if (uid === undefined) throw new Error('a socket is named principal-UID, or given as UID:PATH')
    serve(createServer({ allowHalfOpen: true }).listen(place), Number(uid), fulfil, (line) => process.stderr.write(`${line}\n`))
  }
  for (const argument of listen) {
    const [, uid, path = ''] = /^(\d{1,10}):(\/.{1,106})$/.exec(argument) ?? []
    rmSync(path, { force: true })
    open(uid, { path })
    chmodSync(path, 0o600)
    chownSync(path, Number(uid), process.getgid?.() ?? 0)
  }
  const names = env['LISTEN_PID'] === String(process.pid) ? (env['LISTEN_FDNAMES'] ?? '').split(':') : []
  for (const [index, name] of names.entries()) open(/^principal-(\d{1,10})$/.exec(name)?.[1], { fd: FIRST_FD + index } as ListenOptions)
  if (listen.length + names.length === 0) throw new Error('no socket: neither --listen nor systemd names one')
}

try {
  main(process.env)
} catch (error) {
  process.stderr.write(`aetherscale-net: ${(error as Error).message}\n`)
  process.exitCode = 1
}
