/** What is wrong with the VPNs that there are. */
import type { Check } from '../../policy/api/system.ts'
import type { Vpns } from '../vpn/lifecycle.ts'

export async function checkVpns(vpns: Pick<Vpns, 'list'>): Promise<Check[]> {
  const wrong = (await vpns.list()).filter(({ problem }) => problem !== undefined)
  return wrong.map(({ name, problem = '' }) => ({
    subject: `VPN ${name}`,
    status: 'missing',
    detail: problem,
    remedy: `what it says of it: aetherscale vpn get ${name}; to have it brought up at once: aetherscale vpn create ${name}`,
  }))
}
