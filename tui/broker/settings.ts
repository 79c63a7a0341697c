/** `broker.json`, the environment, and the files that they name: all that is needed to reach RabbitMQ, with its secrets. */
import { hostname } from 'node:os'
import { join } from 'node:path'
import { BrokerConfig, HostName } from '../../policy/broker/config.ts'
import { UserError } from '../../policy/errors.ts'
import { VHOST_LIMIT } from './claims.ts'
import { readOwnFile, type OwnFile } from '../private-file.ts'

type Environment = Readonly<Record<string, string | undefined>>

export interface BrokerSettings {
  readonly config: BrokerConfig
  /** Name of this host. */
  readonly host: string
  readonly address: { readonly hostname: string; readonly port: number; readonly vhost: string }
  readonly username: string
  readonly password: string
  /** Absent without TLS. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  /** What somebody should know, and nothing is refused for. */
  readonly warning?: string
}

const PORTS = { 'amqp:': 5672, 'amqps:': 5671 } as const

/**
 * Reads `broker.json` of this folder; one that is not there says nothing. RABBITMQ_HOST goes before the host of its URL, and
 * HOSTNAME says the host's own name where the file does not.
 *
 * @throws UserError BROKER_CONFIG_BROKEN
 */
export function readBrokerSettings(folder: string, env: Environment): BrokerSettings {
  const file = join(folder, 'broker.json')
  const found = read(file)
  const config = parse(found?.text ?? '{}', file)
  if (found && config.password !== undefined) demandPrivate(file, found, 'holds a password')
  const { url, vhost } = readUrl(config.url, env['RABBITMQ_HOST'], file)
  const isTls = url.protocol === 'amqps:'
  const { ca, cert, key } = config.tls
  const secretKey = key && readSecret(key, 'is a private key')
  // A URL has an IPv6 address in brackets, which a socket does not know.
  const name = url.hostname.replace(/^\[|\]$/g, '')
  return {
    config,
    host: nameOf(config, env),
    address: { hostname: name, port: Number(url.port) || PORTS[url.protocol as keyof typeof PORTS], vhost },
    username: config.username,
    password: passwordOf(config),
    ...(isTls && { tls: { ...(ca && { ca: readNamed(ca).text }), ...(cert && { cert: readNamed(cert).text }), ...(secretKey && { key: secretKey }) } }),
    ...(!isTls && !isLoopback(name) && { warning: `the password, and what is said, goes to ${name} unencrypted: amqps:// in ${file} prevents that` }),
  }
}

/** `chosen`: HOST or HOST:PORT, which goes before that of the URL. */
function readUrl(text: string, chosen: string | undefined, file: string): { readonly url: URL; readonly vhost: string } {
  let url
  let vhost
  try {
    url = new URL(text)
    vhost = decodeURIComponent(url.pathname.slice(1)) || '/'
    if (url.hostname === '') throw new TypeError('there is no host')
  } catch (cause) {
    throw broken(file, 'url: its host, its port or its path cannot be read', { cause })
  }
  if (Buffer.byteLength(vhost) > VHOST_LIMIT) throw broken(file, `url: its path, the virtual host, has more than ${VHOST_LIMIT} bytes`)
  if (!chosen) return { url, vhost }
  try {
    const { hostname, port } = new URL(`amqp://${chosen}`)
    if (hostname !== '' && chosen.toLowerCase() === (port === '' ? hostname : `${hostname}:${port}`).toLowerCase()) url.host = chosen
    else throw new TypeError('more than a host and a port')
  } catch (cause) {
    // it would be left out without a word, and another RabbitMQ asked
    throw new UserError('BROKER_CONFIG_BROKEN', `RABBITMQ_HOST is ${JSON.stringify(chosen)}, which is neither a host nor HOST:PORT`, { cause })
  }
  return { url, vhost }
}

function parse(text: string, file: string): BrokerConfig {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's own words quote the text, in which a password may be.
    throw broken(file, 'it is not JSON')
  }
  const result = BrokerConfig.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw broken(file, `${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'does not fit'}`)
}

function passwordOf({ password, passwordFile }: BrokerConfig): string {
  if (password !== undefined) return password
  if (passwordFile === undefined) return 'guest'
  return readSecret(passwordFile, 'holds a password').split(/\r?\n/, 1)[0]!
}

function nameOf({ host }: BrokerConfig, env: Environment): string {
  if (host !== undefined) return host
  const found = (env['HOSTNAME'] || hostname()).split('.')[0]!.toLowerCase()
  if (HostName.safeParse(found).success) return found
  throw new UserError('BROKER_CONFIG_BROKEN', `"${found}" cannot be the name of a host among others`, { hint: 'say one, as "host" in broker.json' })
}

function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '::1' || /^127\.\d+\.\d+\.\d+$/.test(name)
}

function readSecret(file: string, why: string): string {
  const found = readNamed(file)
  demandPrivate(file, found, why)
  return found.text
}

/** A file that the configuration names. */
function readNamed(file: string): OwnFile {
  const found = read(file)
  if (!found) throw broken(file, 'it is not there')
  return found
}

/** Configuration may be kept elsewhere and linked. */
function read(file: string): OwnFile | undefined {
  try {
    return readOwnFile(file, { followLinks: true })
  } catch (cause) {
    throw broken(file, (cause as Error).message, { cause })
  }
}

function demandPrivate(file: string, { exposed }: OwnFile, why: string): void {
  if (exposed !== undefined) throw broken(file, `it ${why}, and ${exposed}`, { hint: `chmod 600 ${file}` })
}

function broken(file: string, why: string, more: { hint?: string; cause?: unknown } = {}): UserError {
  return new UserError('BROKER_CONFIG_BROKEN', `Configuration ${file}: ${why}`, more)
}
