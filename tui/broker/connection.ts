/** The connection to RabbitMQ: made again for ever, told of once when it comes, once when it goes, and when it stays away for another reason. */
import { isIP } from 'node:net'
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
/** While it is away, how often it is looked whether it still is for the same reason: the library tells of the first failure alone. */
const LOOK_EVERY_MS = 10_000

/** `ended`: aborted with its end, which the library does not tell. */
export function openConnection(settings: BrokerSettings, log: Logger, ended: AbortSignal): Connection {
  const { address, password, host, warning } = settings
  const where = `${address.hostname}:${address.port}`
  if (warning !== undefined) log.warn({ broker: where }, warning)
  const connection = connect(settings, `aetherscale ${host}`)
  let wasThere = false
  /** Why it is away, as the log has it. */
  let told: string | undefined
  let looking: NodeJS.Timeout | undefined
  const tell = (why: string, otherwise: string): void => {
    if (why !== told) log.warn({ broker: where, why }, isLoginRefused(why) ? 'RabbitMQ refuses the user, its password or the virtual host; trying again' : otherwise)
    told = why
  }
  const look = (): void => {
    const again = openQuietConnection(settings, 'look')
    const end = (): void => {
      ended.removeEventListener('abort', end)
      again.unsafeDestroy()
    }
    ended.addEventListener('abort', end)
    again.once('connection', end)
    again.once('error', (error: unknown) => {
      end()
      if (looking && told !== undefined) tell(explain(error, password), 'RabbitMQ still does not answer; trying again')
    })
  }
  ended.addEventListener('abort', () => clearInterval(looking), { once: true })
  connection.on('connection.blocked', (why: string) => log.warn({ broker: where, why }, 'RabbitMQ takes no messages for now: requests, and answers, wait until it has room again'))
  connection.on('connection.unblocked', () => log.info({ broker: where }, 'RabbitMQ takes messages again'))
  connection.on('connection', () => {
    clearInterval(looking)
    looking = told = undefined
    wasThere = true
    log.info({ broker: where, host }, 'connected to RabbitMQ')
  })
  connection.on('error', (error: unknown) => {
    // Errors of channels come here as well.
    if (connection.ready) return log.warn({ broker: where, why: explain(error, password) }, 'RabbitMQ refused something')
    if (looking || ended.aborted) return
    looking = setInterval(look, LOOK_EVERY_MS)
    tell(explain(error, password), wasThere ? 'the connection to RabbitMQ is lost; trying again' : 'RabbitMQ does not answer yet; waiting for it')
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
  const connection = new Connection({
    ...address,
    username,
    password,
    // Neither the library nor Node says the name by itself, by which a proxy before several RabbitMQs tells them apart (RFC 6066, 3).
    ...(tls && { tls: { ...tls, ...(isIP(address.hostname) === 0 && { servername: address.hostname }) } }),
    heartbeat: HEARTBEAT_S,
    frameMax: FRAME_MAX,
    retryLow: RETRY_FROM_MS,
    retryHigh: RETRY_UP_TO_MS,
    connectionName,
  })
  return connection.on('connection', () => keepToAgreedFrames(connection))
}

/**
 * Channels of the library (5.0.8) go by the frames that it asked for, also where RabbitMQ has agreed to smaller ones (`frame_max`
 * in its configuration): a message of several was cut off, and the rest of it ended the connection, over and over. None is open yet.
 */
function keepToAgreedFrames(connection: Connection): void {
  const { _opt: asked, _state: agreed } = connection as unknown as Record<'_opt' | '_state', { frameMax: number }>
  asked.frameMax = agreed.frameMax
}
