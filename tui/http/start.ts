/** `aetherscale http`: puts the door together, opens it, and closes it when told to. */
import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { existsSync } from 'node:fs'
import type { Server as SecureServer } from 'node:tls'
import { promisify } from 'node:util'
import type { Logger } from 'pino'
import { createLog } from '../door-log.ts'
import { UserError } from '../../policy/errors.ts'
import { socketDirectories } from '../../policy/wire.ts'
import type { Io } from '../cli/io.ts'
import type { Globals } from '../cli/parse.ts'
import { requireToken } from './authorize.ts'
import { ownNames } from './check-origin.ts'
import { reachDaemon } from './daemon/daemon.ts'
import { makeDoor, type Door } from './door.ts'
import { renewOnHangup } from './hangup.ts'
import { doorLimits } from './limits.ts'
import { listenOnTcp } from './listen/tcp.ts'
import { listenOnUnix } from './listen/unix.ts'
import type { HttpOptions } from './options.ts'
import { readSecrets } from './secrets.ts'

const HTTP_SOCKET = 'http.sock'

/** Serves until SIGTERM or SIGINT; SIGHUP has token and certificate read anew. Answers the exit status. */
export async function serveHttp({ env }: Pick<Io, 'env'>, { socket, directory }: Globals, options: HttpOptions): Promise<number> {
  const log = createLog(env['LOG_LEVEL'])
  const opened = Promise.withResolvers<() => Promise<void>>()
  renewOnHangup(log, opened.promise)
  const where = { ...(socket !== undefined && { socket }), ...(directory !== undefined && { directory }) }
  const { listen, access } = options
  const { tls, token } = await readSecrets(options, log)
  let authorize = token === undefined ? undefined : requireToken(token, doorLimits)
  const door = await makeDoor({
    daemon: reachDaemon({ env, access, ...where }, doorLimits),
    limits: doorLimits,
    access,
    legacy: options.legacy,
    log,
    kind: tls ? { tls } : {},
    ...(listen.kind === 'tcp' && { names: ownNames(listen.host, options.allowedHosts) }),
    ...(authorize && { authorize: (...request) => authorize!(...request) }),
  })
  const stopped = untilSignal(log)
  const remove = await openDoor(door, options, log, listen.kind === 'unix' ? (listen.path ?? usualPath(env, where)) : '')
  opened.resolve(async () => {
    const renewed = await readSecrets(options, log)
    if (renewed.tls) (door.server as unknown as SecureServer).setSecureContext(renewed.tls)
    if (renewed.token !== undefined) authorize = requireToken(renewed.token, doorLimits)
  })
  await stopped
  await remove()
  await door.close()
  log.info('closed')
  return 0
}

/** Answers what takes the socket away again. */
async function openDoor({ server }: Door, { listen, tls, tokenFile, access }: HttpOptions, log: Logger, path: string): Promise<() => Promise<void>> {
  if (listen.kind === 'unix') {
    const remove = await listenOnUnix(server, path, listen.group === undefined ? undefined : await findGroupId(listen.group))
    log.info({ socket: path, access }, 'listening')
    return remove
  }
  const port = await listenOnTcp(server, listen.host, listen.port)
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host
  log.info({ url: `${tls ? 'https' : 'http'}://${host}:${port}/`, access, tokenFile: tokenFile ?? null }, 'listening')
  if (tokenFile === undefined) log.warn('every user and program of this machine may use it: --insecure-no-token')
  return async () => {}
}

function untilSignal(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        log.info({ signal }, 'closing')
        resolve()
      })
    }
  })
}

/** Beside the daemon's sockets. */
function usualPath(env: Io['env'], { socket, directory }: { readonly socket?: string; readonly directory?: string }): string {
  const candidates = socketDirectories(env)
  const found = socket === undefined ? (directory ?? candidates.find((each) => existsSync(each)) ?? candidates[0]!) : dirname(socket)
  return join(found, HTTP_SOCKET)
}

/** The name service knows groups that /etc/group does not. */
async function findGroupId(name: string): Promise<number> {
  const { stdout } = await promisify(execFile)('getent', ['group', '--', name]).catch(() => ({ stdout: '' }))
  const gid = /^[^:]+:[^:]*:(\d+):/.exec(stdout)?.[1]
  if (gid === undefined) throw new UserError('HOST_IO', `There is no group ${name}`, { hint: 'name another one with --group' })
  return Number(gid)
}
