/** What commands over the broker share: its configuration, which the daemon of this host knows the place of, and the connection. */
import { join } from 'node:path'
import type { BrokerSettings } from '../../broker/settings.ts'
import type { Asker } from '../../cluster/asker.ts'
import { ClusterError } from '../../cluster/cluster-error.ts'
import type { Io } from '../io.ts'
import type { Globals } from '../parse.ts'
import { withClient } from './session.ts'

/** `broker/` of the configuration folder, where keys and pins are, and the folder itself. */
export async function findFolders(io: Io, globals: Globals): Promise<{ readonly config: string; readonly broker: string }> {
  const { folders } = await withClient(io, globals, 'observe', (client) => client.call('system.info', {}))
  return { config: folders.config, broker: join(folders.config, 'broker') }
}

export interface BrokerSession {
  readonly asker: Asker
  readonly settings: BrokerSettings
  readonly folder: string
  /** What is to be said where the connection is lost from now on: of what was asked, and may have been done. */
  warnOfLoss(hint: string | undefined): void
}

/**
 * Connects as `broker.json` says, and disconnects when `work` is done. The library of AMQP is loaded here and not before.
 *
 * @throws ClusterError where RabbitMQ does not let us in
 */
export async function withBroker<T>(io: Io, globals: Globals, work: (session: BrokerSession) => Promise<T>): Promise<T> {
  const [{ openQuietConnection }, { readBrokerSettings }, { Asker }, { explain }, folders] = await Promise.all([
    import('../../broker/connection.ts'),
    import('../../broker/settings.ts'),
    import('../../cluster/asker.ts'),
    import('../../broker/explain.ts'),
    findFolders(io, globals),
  ])
  const settings = readBrokerSettings(folders.config, io.env)
  const { address, password } = settings
  const connection = openQuietConnection(settings, 'a command')
  let atLoss: string | undefined
  const lost = Promise.withResolvers<never>()
  lost.promise.catch(() => undefined)
  connection.on('error', (error: unknown) => {
    const where = `${address.hostname}:${address.port}`
    lost.reject(new ClusterError('unreachable', `RabbitMQ at ${where}: ${explain(error, password)}`, { hint: atLoss ?? `where it is, and who may enter, says ${join(folders.config, 'broker.json')}` }))
  })
  const asker = new Asker(connection)
  try {
    return await Promise.race([work({ asker, settings, folder: folders.broker, warnOfLoss: (hint) => void (atLoss = hint) }), lost.promise])
  } finally {
    connection.unsafeDestroy()
  }
}
