/** The options of `aetherscale http` -> what the door is to be. Pure. */
import { isIP } from 'node:net'
import { join } from 'node:path'
import type { Access } from '../../policy/api/method.ts'
import { firstHost, type LegacyHost } from '../legacy/commands.ts'
import { UsageError } from '../cli/usage-error.ts'

export interface HttpOptions {
  readonly listen: { readonly kind: 'unix'; readonly path?: string; readonly group?: string } | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** Files in PEM. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Where the token is; nobody needs one where not said. */
  readonly tokenFile?: string
  readonly access: Access
  readonly allowedHosts: readonly string[]
  readonly legacy: LegacyHost
}

type Values = Readonly<Record<string, unknown>>
type Environment = Readonly<Record<string, string | undefined>>

/** @throws UsageError */
export function readHttpOptions(values: Values, env: Environment): HttpOptions {
  const text = (name: string): string | undefined => values[name] as string | undefined
  const listen = readListen(text('listen'), text('unix'), text('group'))
  const tls = readTls(text('tls-cert'), text('tls-key'))
  const isOpen = values['insecure-no-token'] === true
  if (listen.kind === 'unix') {
    const tcpOnly = ['tls-cert', 'tls-key', 'token-file', 'insecure-no-token', 'allow-host'].find((name) => values[name] !== undefined)
    if (tcpOnly !== undefined) throw new UsageError(`--${tcpOnly} is for TCP`, 'add --listen HOST:PORT; who may use a Unix socket is said by its permissions')
  } else if (!isLoopback(listen.host)) {
    if (!tls) throw new UsageError(`${listen.host} is reached from other machines, and what is said there can be overheard`, 'add --tls-cert and --tls-key, or listen on 127.0.0.1')
    if (isOpen) throw new UsageError('--insecure-no-token is for the machine itself', 'leave it out, or listen on 127.0.0.1')
  }
  if (isOpen && text('token-file') !== undefined) throw new UsageError('--insecure-no-token and --token-file exclude each other')
  const tokenFile = listen.kind === 'unix' || isOpen ? undefined : (text('token-file') ?? usualTokenFile(env))
  return {
    listen,
    ...(tls && { tls }),
    ...(tokenFile !== undefined && { tokenFile }),
    access: values['read-only'] === true ? 'observe' : 'control',
    allowedHosts: ((values['allow-host'] ?? []) as readonly string[]).map(checkHostName),
    legacy: { memoryMiB: (values['memory'] as number | undefined) ?? firstHost.memoryMiB, bridge: text('bridge') ?? firstHost.bridge },
  }
}

function readListen(address: string | undefined, path: string | undefined, group: string | undefined): HttpOptions['listen'] {
  if (address === undefined) return { kind: 'unix', ...(path !== undefined && { path }), ...(group !== undefined && { group }) }
  if (path !== undefined || group !== undefined) throw new UsageError(`--listen and --${path === undefined ? 'group' : 'unix'} exclude each other`)
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(address) ?? []
  const host = bracketed ?? plain
  const isAddress = host === 'localhost' || (bracketed === undefined ? isIP(host ?? '') === 4 : isIP(bracketed) === 6)
  if (!isAddress || Number(port) > 65_535) {
    throw new UsageError(`--listen is an IP address, or localhost, and a port, not ${JSON.stringify(address)}`, 'such as 127.0.0.1:5000 or [::1]:5000')
  }
  return { kind: 'tcp', host: host === 'localhost' ? '127.0.0.1' : host!, port: Number(port) }
}

function readTls(cert: string | undefined, key: string | undefined): { readonly cert: string; readonly key: string } | undefined {
  if (cert !== undefined && key !== undefined) return { cert, key }
  if (cert === undefined && key === undefined) return undefined
  throw new UsageError('--tls-cert and --tls-key belong together')
}

function checkHostName(name: string): string {
  if (/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(name) || (name.startsWith('[') && isIP(name.slice(1, -1)) === 6)) return name
  throw new UsageError(`--allow-host is a name as it stands in a URL, without a port, not ${JSON.stringify(name)}`)
}

/** 127.0.0.0/8 (RFC 1122, 3.2.1.3) and ::1. */
export function isLoopback(host: string): boolean {
  return isIP(host) === 4 ? host.startsWith('127.') : host === '::1'
}

/** In the configuration folder of the daemon, which has the same place. */
function usualTokenFile(env: Environment): string {
  const folder = env['CONFIG_DIR'] || join(env['XDG_CONFIG_HOME'] || join(env['HOME'] || '/', '.config'), 'aetherscale')
  return join(folder, 'http.token')
}
