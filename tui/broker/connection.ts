/** The connection to RabbitMQ: made again for ever, told of once when it comes and once when it goes. */
import { Connection } from 'rabbitmq-client'
import type { Logger } from 'pino'
import { explain } from './explain.ts'
import type { BrokerSettings } from './settings.ts'

/** AMQP 0-9-1, section 4.2.7: a side that was silent for two of these is gone. */
const HEARTBEAT_S = 10
/** Bytes; what RabbitMQ takes where it is not told otherwise. The headers of a message have to fit one frame: what all hosts say of a request. */
const FRAME_MAX = 131_072
const RETRY_FROM_MS = 500
const RETRY_UP_TO_MS = 5000

export function openConnection(settings: BrokerSettings, log: Logger): Connection {
  const { address, password, host, warning } = settings
  const where = `${address.hostname}:${address.port}`
  if (warning !== undefined) log.warn({ broker: where }, warning)
  const connection = connect(settings, `aetherscale ${host}`)
  let told: 'connected' | 'away' | undefined
  connection.on('connection', () => {
    told = 'connected'
    log.info({ broker: where, host }, 'connected to RabbitMQ')
  })
  connection.on('error', (error: unknown) => {
    // Errors of channels come here as well.
    if (connection.ready) return log.warn({ broker: where, why: explain(error, password) }, 'RabbitMQ refused something')
    if (told === 'away') return
    const why = explain(error, password)
    const what = isLoginRefused(why)
      ? 'RabbitMQ refuses the user, its password or the virtual host; trying again'
      : told === undefined
        ? 'RabbitMQ does not answer yet; waiting for it'
        : 'the connection to RabbitMQ is lost; trying again'
    told = 'away'
    log.warn({ broker: where, why }, what)
  })
  return connection
}

/** RabbitMQ's reply codes for that (AMQP 0-9-1, 403 and 530); the library has them in the text alone. */
const isLoginRefused = (why: string): boolean => /ACCESS_REFUSED|NOT_ALLOWED/.test(why)

/** One that is not told of in the log: beside the relay's own, or of a command. `purpose` is seen in RabbitMQ. */
export function openQuietConnection(settings: BrokerSettings, purpose: string): Connection {
  return connect(settings, `aetherscale ${settings.host} ${purpose}`).on('error', () => undefined)
}

function connect({ address, username, password, tls }: BrokerSettings, connectionName: string): Connection {
  return new Connection({
    ...address,
    username,
    password,
    ...(tls && { tls }),
    heartbeat: HEARTBEAT_S,
    frameMax: FRAME_MAX,
    retryLow: RETRY_FROM_MS,
    retryHigh: RETRY_UP_TO_MS,
    connectionName,
  })
}
