/** What this host's daemon tells by itself that other hosts are to know at once. */
import type { ParamsInput } from '../../policy/api/index.ts'
import type { Client } from '../client.ts'

type Kinds = NonNullable<ParamsInput<'events.subscribe'>['kinds']>

/** A host that has not heard of a VPN makes another one of its name; images and networks decide who takes a request. */
const ANNOUNCED: Kinds = ['vpn.created', 'vpn.deleted', 'network.created', 'network.deleted', 'image.imported', 'image.pulled', 'image.deleted']

/** Connects, and has `onNews` called whenever what is announced has changed, for as long as the connection lasts. */
export async function connectForNews(connect: () => Promise<Client>, onNews: () => void): Promise<Client> {
  const client = await connect()
  client.onNotification('event', onNews)
  // A daemon that does not tell is asked every few seconds all the same.
  client.call('events.subscribe', { kinds: ANNOUNCED }).catch(() => undefined)
  return client
}
