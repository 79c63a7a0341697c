/** `aetherscale broker`: this host's relay to RabbitMQ, until SIGTERM or Ctrl-C. */
import { join } from 'node:path'
import { connect, type Client } from '../../client.ts'
import type { Request } from '../request.ts'
import { withClient } from './session.ts'

export async function runBroker({ io, globals }: Request): Promise<number> {
  // The library of AMQP is for this command alone.
  const [{ readBrokerSettings }, { startRelay }, { createLog }] = await Promise.all([
    import('../../broker/settings.ts'),
    import('../../broker/start.ts'),
    import('../../door-log.ts'),
  ])
  const { folders } = await withClient(io, globals, 'control', (client) => client.call('system.info', {}))
  const settings = readBrokerSettings(folders.config, io.env)
  const { socket, directory } = globals
  const connectDaemon = (): Promise<Client> =>
    connect({ env: io.env, access: 'control', ...(socket !== undefined && { socket }), ...(directory !== undefined && { directory }) })
  const relay = startRelay({ settings, folder: join(folders.config, 'broker'), connectDaemon, log: createLog(io.env['LOG_LEVEL']) })
  const interrupted = Promise.withResolvers<void>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, interrupted.resolve)
  try {
    await Promise.race([interrupted.promise, relay.failed])
  } finally {
    await relay.leave()
  }
  return 0
}
