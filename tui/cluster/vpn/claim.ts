/** Which host makes a VPN that is on none yet: settled as with requests (see tui/broker/claims.ts), for a short while. */
import { createHash } from 'node:crypto'
import type { Connection } from 'rabbitmq-client'
import { claimQueue, hostQueue } from '../../../policy/broker/topology.ts'
import { ownerIn } from '../../broker/claims.ts'
import { isRefusal } from '../../broker/topology.ts'

/** In this time the VPN is there, and others have been told; or it could not be made, and another host may. */
export const CLAIM_MS = 30_000

/** The name of the host that is to make it, which may be this one; `undefined` where RabbitMQ does not say whose it is. */
export async function claimVpn(connection: Connection, vpn: string, host: string): Promise<string | undefined> {
  const channel = await connection.acquire({ emitErrorsFromChannel: true })
  channel.on('error', () => undefined)
  try {
    const queue = claimQueue(createHash('sha256').update(`vpn:${vpn}`).digest('hex'))
    const args = { 'x-expires': CLAIM_MS, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': hostQueue(host) }
    await channel.queueDeclare({ queue, durable: true, arguments: args })
    return host
  } catch (error) {
    if (!isRefusal(error, 'PRECONDITION_FAILED')) throw error
    return ownerIn(error.message)
  } finally {
    await channel.close()
  }
}
