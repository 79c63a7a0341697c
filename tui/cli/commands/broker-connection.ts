/**
 * The connection of a command that asks over the broker. A file of its own, which is loaded when it is needed: of the library itself,
 * which is CommonJS, a bundle would hand over the default export alone.
 */
import { Connection } from 'rabbitmq-client'
import type { BrokerSettings } from '../../broker/settings.ts'

/** How long RabbitMQ has to let us in. */
const CONNECT_MS = 10_000

export function openBroker({ address, username, password, tls }: BrokerSettings): Connection {
  return new Connection({ ...address, username, password, ...(tls && { tls }), connectionTimeout: CONNECT_MS, connectionName: 'aetherscale, a command' })
}
