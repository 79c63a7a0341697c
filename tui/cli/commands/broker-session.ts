/** What commands over the broker share: its configuration, which the daemon of this host knows the place of, and the connection. */
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import type { BrokerSettings } from '../../broker/settings.ts'
import type { Asker } from '../../cluster/asker.ts'
import { ClusterError } from '../../cluster/cluster-error.ts'
import type { Io } from '../io.ts'
import type { Globals } from '../parse.ts'
import { withClient } from './session.ts'

interface Folders {
  /** The configuration folder, of the daemon's user. */
  readonly config: string
  /** In there, where keys and pins are. */
  readonly broker: string
}

/** @throws ClusterError where another user than the daemon's, or root, asks */
async function findFolders(io: Io, globals: Globals): Promise<Folders & { readonly uid: number }> {
  const { folders, uid } = await withClient(io, globals, 'observe', (client) => client.call('system.info', {}))
  const { config } = folders
  try {
    accessSync(config, constants.R_OK | constants.X_OK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw forOwner(uid, `what leads to the broker is in ${config}, which is open to the daemon's user alone`)
  }
  return { config, broker: join(config, 'broker'), uid }
}

/**
 * Where keys and pins are, for those who may write there.
 *
 * @throws ClusterError where that is not the daemon's user: what root makes there, the relay cannot read
 */
export async function findKeys(io: Io, globals: Globals): Promise<string> {
  const { broker, uid } = await findFolders(io, globals)
  if (process.getuid?.() !== uid) throw forOwner(uid, `the keys in ${broker} are those of the daemon's user`)
  return broker
}

function forOwner(uid: number, message: string): ClusterError {
  return new ClusterError('denied', message, { hint: `as that user: sudo -u '#${uid}' aetherscale …` })
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
  const [{ isAmqpError }, { openQuietConnection }, { readBrokerSettings }, { Asker }, { explain }, folders] = await Promise.all([
    import('../../broker/topology.ts'),
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
  const where = `RabbitMQ at ${address.hostname}:${address.port}`
  connection.on('error', (error: unknown) => {
    lost.reject(new ClusterError('unreachable', `${where}: ${explain(error, password)}`, { hint: atLoss ?? `where it is, and who may enter, says ${join(folders.config, 'broker.json')}` }))
  })
  connection.on('connection.blocked', (why) => {
    lost.reject(new ClusterError('unreachable', `${where} takes no messages now: ${why}`, { hint: atLoss ?? 'rabbitmqctl status, where it runs, names its alarms' }))
  })
  const refused = (error: unknown): ClusterError =>
    new ClusterError('denied', `${where} refuses ${settings.username}: ${explain(error, password)}`, { hint: 'its admin says what a user may: rabbitmqctl list_permissions -p VHOST' })
  const asker = new Asker(connection, (error) => lost.reject(refused(error)))
  try {
    return await Promise.race([work({ asker, settings, folder: folders.broker, warnOfLoss: (hint) => void (atLoss = hint) }), lost.promise])
  } catch (error) {
    throw isAmqpError(error) ? refused(error) : error
  } finally {
    connection.unsafeDestroy()
  }
}
