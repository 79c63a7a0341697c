/** `aetherscale host list|key|trust|untrust`: the hosts on the broker, and which of them are trusted. */
import { HOST_NAME_LIMIT, HostName } from '../../../policy/broker/config.ts'
import { HostList } from '../../../policy/broker/host-methods.ts'
import { gather } from '../../cluster/gather.ts'
import { openHostKey } from '../../cluster/keys/host-key.ts'
import { parsePublicKey } from '../../cluster/keys/key-text.ts'
import { pin, readPins, unpin } from '../../cluster/keys/pins.ts'
import { mergeHosts } from '../../cluster/merge.ts'
import { ClusterError } from '../../cluster/cluster-error.ts'
import { printJson, printLines, printNote, type Io } from '../io.ts'
import { renderHosts } from '../render/hosts.ts'
import type { Request } from '../request.ts'
import { UsageError } from '../usage-error.ts'
import { findKeys, withBroker } from './broker-session.ts'
import { readStdin } from './stdin.ts'

/** Hosts that are there answer at once; those that are pinned and not there are known to be, and shown so. */
const LIST_WITHIN_MS = 2000
/** Bytes: more than a key has. */
const KEY_LIMIT = 4096

export async function runHostList({ io, globals }: Request): Promise<number> {
  const hosts = await withBroker(io, globals, async ({ asker, settings, folder }) => {
    const { responses } = await gather(asker, { method: 'host.list', params: {} }, globals.within === undefined ? LIST_WITHIN_MS : globals.within * 1000)
    const views = responses.flatMap((response) => {
      const list = 'result' in response ? HostList.safeParse(response.result).data : undefined
      return list ? [{ by: response.host, hosts: list.hosts }] : []
    })
    return mergeHosts(views, settings.host, readPins(folder))
  })
  if (globals.json) printJson(io, { hosts })
  else printLines(io.stdout, globals.quiet ? hosts.map(({ host }) => host) : renderHosts(hosts))
  return 0
}

export async function runHostKey({ io, globals }: Request): Promise<number> {
  const key = openHostKey(await findKeys(io, globals)).public
  if (globals.json) printJson(io, { publicKey: key.text, fingerprint: key.fingerprint })
  else printLines(io.stdout, [key.text])
  printNote(io, globals, key.fingerprint)
  return 0
}

export async function runHostTrust({ io, globals, requests }: Request): Promise<number> {
  const { name, key: given } = requests[0] as { name: string; key: string }
  checkName(name)
  const key = parsePublicKey(given === '-' ? await readKey(io) : given)
  if (!key) throw new UsageError('KEY is no public key of a host', 'on that host, aetherscale host key prints it: three words, best quoted')
  const broker = await findKeys(io, globals)
  const before = readPins(broker).get(name)
  pin(broker, name, key)
  if (globals.json) printJson(io, { host: name, fingerprint: key.fingerprint })
  else printLines(io.stdout, [globals.quiet ? name : `${name} is trusted: ${key.fingerprint}`])
  if (before && before.text !== key.text) printNote(io, globals, `in place of ${before.fingerprint}`)
  return 0
}

export async function runHostUntrust({ io, globals, requests }: Request): Promise<number> {
  const { name } = requests[0] as { name: string }
  checkName(name)
  if (!unpin(await findKeys(io, globals), name)) throw new ClusterError('notFound', `host "${name}" is not pinned here`)
  if (globals.json) printJson(io, { host: name })
  else printLines(io.stdout, [globals.quiet ? name : `${name} is no more trusted`])
  printNote(io, globals, 'it stays in the VPNs that it is in: aetherscale vpn peer remove VPN PEER')
  return 0
}

function checkName(name: string): void {
  if (!HostName.safeParse(name).success) throw new UsageError(`NAME is 1 to ${HOST_NAME_LIMIT} of a-z, 0-9 and "-", not first or last`)
}

async function readKey(io: Io): Promise<string> {
  return (await readStdin(io, KEY_LIMIT, () => new UsageError('stdin has more than a key has'))).toString('latin1')
}
