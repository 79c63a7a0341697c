/** Ports for tincd: one a VPN, for TCP and UDP, on all addresses of the host. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { VPN_PORTS } from '../../policy/api/vpn.ts'
import { UserError } from '../../policy/errors.ts'

export interface ChosenPort {
  readonly port: number
  /** To be called when the port is in a record or is not needed after all: until then nobody else is given it. */
  release(): void
}

export interface PortChooser {
  /**
   * A port that neither a VPN has (`taken`, from their records) nor another program: the one that is wanted, else the
   * first that is free. Throws PORT_IN_USE, VPN_PORTS_EXHAUSTED.
   */
  choose(taken: ReadonlySet<number>, wanted?: number): Promise<ChosenPort>
}

export function createPortChooser(range: { readonly first: number; readonly last: number } = VPN_PORTS): PortChooser {
  // Those being looked at as well: two looks at once would take each other for another program.
  const held = new Set<number>()

  const take = async (port: number): Promise<ChosenPort | { readonly protocol: string }> => {
    held.add(port)
    try {
      const protocol = await findHolder(port)
      if (protocol === undefined) return { port, release: () => held.delete(port) }
      held.delete(port)
      return { protocol }
    } catch (error) {
      held.delete(port)
      throw error
    }
  }

  const takeWanted = async (taken: ReadonlySet<number>, port: number): Promise<ChosenPort> => {
    const result = taken.has(port) || held.has(port) ? undefined : await take(port)
    if (result && 'port' in result) return result
    const holder = result ? `another program has it for ${result.protocol}` : 'another VPN of this host has it'
    throw new UserError('PORT_IN_USE', `Port ${port} cannot be the VPN's: ${holder}`, {
      field: 'port',
      hint: 'Leave the port out, and a free one is chosen; ss -lntup shows who listens',
    })
  }

  return {
    async choose(taken, wanted) {
      if (wanted !== undefined) return takeWanted(taken, wanted)
      for (let port = range.first; port <= range.last; port++) {
        if (taken.has(port) || held.has(port)) continue
        const result = await take(port)
        if ('port' in result) return result
      }
      throw new UserError('VPN_PORTS_EXHAUSTED', `Other VPNs and other programs have all ports from ${range.first} to ${range.last}`, {
        hint: 'Delete a VPN that is not needed; ss -lntup shows who listens',
      })
    },
  }
}

/**
 * For which protocol another program has the port, on any address; `undefined` for none. Found by binding: what
 * /proc/net lists leaves out sockets that are bound and do not listen yet.
 */
async function findHolder(port: number): Promise<string | undefined> {
  // one after the other, IPv6 apart from IPv4, so that none meets another of ours
  for (const host of ['0.0.0.0', '::']) {
    if (!(await isFree(() => bindTcp(host, port)))) return 'TCP'
    if (!(await isFree(() => bindUdp(host, port)))) return 'UDP'
  }
  return undefined
}

async function isFree(bind: () => Promise<void>): Promise<boolean> {
  try {
    await bind()
    return true
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') return false
    // a host without IPv6 has nobody who listens on it
    if (['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes(code)) return true
    throw error
  }
}

async function bindTcp(host: string, port: number): Promise<void> {
  const server = createServer()
  try {
    server.listen({ host, port, ipv6Only: true, exclusive: true })
    await once(server, 'listening')
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
}

async function bindUdp(address: string, port: number): Promise<void> {
  const socket = createSocket({ type: address === '::' ? 'udp6' : 'udp4', ipv6Only: address === '::' })
  try {
    socket.bind({ address, port, exclusive: true })
    await once(socket, 'listening')
  } finally {
    await new Promise<void>((resolve) => socket.close(resolve))
  }
}
