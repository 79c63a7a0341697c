/**
 * Looks whether the host's firewall filters what VMs send each other over a bridge: with br_netfilter, iptables sees each
 * frame as if it were forwarded, and drops it where the policy of FORWARD is DROP, as Docker makes it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Check } from '../../policy/api/system.ts'
import { runProgram } from '../qemu/program.ts'
import { locateProgram } from '../service/environment.ts'
import { readOrNothing } from '../service/process.ts'

interface Places {
  /** The settings of br_netfilter; not there where it is not loaded. */
  readonly settings: string
  readonly links: string
}

const usual: Places = { settings: '/proc/sys/net/bridge', links: '/sys/class/net' }
const FAMILIES = ['iptables', 'ip6tables'] as const
type Family = (typeof FAMILIES)[number]
const WITHIN_MS = 1000

/** `bridges` are names of links, as iptables takes them: `aeb+` is each that begins with `aeb`. */
export async function checkFrames(bridges: readonly string[], places: Places = usual, ask = askFirewall): Promise<Check[]> {
  if (bridges.length === 0) return []
  const subject = 'frames on bridges'
  const filtered = FAMILIES.filter((family) => isOn(join(places.settings, `bridge-nf-call-${family}`)))
  if (filtered.length === 0) return [{ subject, status: 'ok', detail: 'pass by the firewall of the host' }]
  const see = `sudo sh -c '${filtered.map((family) => `${family} -S FORWARD`).join('; ')}'`
  const known = await Promise.all(filtered.map(async (family) => ({ family, drops: await ask(family) })))
  const dropping = known.filter(({ drops }) => drops !== undefined && drops !== '')
  if (dropping.length > 0) {
    const detail = `the firewall drops what is not allowed: ${dropping.map(({ drops }) => drops).join(', ')}`
    return [{ subject, status: 'degraded', detail, remedy: letPass(bridges, dropping.map(({ family }) => family)) }]
  }
  if (known.every(({ drops }) => drops === '')) return [{ subject, status: 'ok', detail: 'the firewall sees them and drops none by its policy' }]
  const unseen = `the firewall sees them (bridge-nf-call-${filtered.join(', -')}); whether it drops them only root can see: ${see}`
  if (!existsSync(join(places.links, 'docker0'))) return [{ subject, status: 'ok', detail: unseen }]
  return [{ subject, status: 'degraded', detail: `${unseen}. Docker is here and sets the policy of FORWARD to DROP`, remedy: letPass(bridges, filtered) }]
}

/** Of the traffic on one bridge alone: what is routed from one to another is not let through. Good until the next boot. */
function letPass(bridges: readonly string[], families: readonly Family[]): string {
  const rules = families.map((family) => `sudo ${family} -I FORWARD -i $b -o $b -j ACCEPT`)
  return `for b in ${bridges.join(' ')}; do ${rules.join('; ')}; done`
}

function isOn(setting: string): boolean {
  return (readOrNothing(() => readFileSync(setting, 'utf8'))?.trim() ?? '0') !== '0'
}

/** Which chains drop by their policy, in words; the empty string for none, `undefined` where we may not ask. */
async function askFirewall(family: Family): Promise<string | undefined> {
  if (!mayAdministerNetwork(readFileSync('/proc/self/status', 'utf8'))) return undefined
  const run = async (program: string, args: readonly string[]): Promise<string | undefined> => {
    if (locateProgram(program) === undefined) return undefined
    const { exitCode, stdout } = await runProgram(program, args, { timeoutMs: WITHIN_MS })
    return exitCode === 0 ? stdout : undefined
  }
  const [rules, chains] = await Promise.all([run(family, ['-S', 'FORWARD']), run('nft', ['-j', 'list', 'chains'])])
  if (rules === undefined && chains === undefined) return undefined
  const drops = [...(rules !== undefined && policyOf(rules) === 'DROP' ? [`${family} FORWARD`] : []), ...(chains === undefined ? [] : droppingChains(chains, family))]
  return drops.join(', ')
}

/** PURE: by /proc/self/status (proc(5)); CAP_NET_ADMIN is 12 (capabilities(7)). */
export function mayAdministerNetwork(status: string): boolean {
  const [, effective = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? []
  return ((BigInt(`0x${effective}`) >> 12n) & 1n) === 1n
}

/** PURE: of the output of `iptables -S FORWARD`. */
export function policyOf(rules: string): string | undefined {
  return /^-P FORWARD (\w+)$/m.exec(rules)?.[1]
}

/** PURE: of the output of `nft -j list chains` (libnftables-json(5)); a chain that iptables shows as well is not told twice. */
export function droppingChains(json: string, family: Family): string[] {
  const { nftables = [] } = JSON.parse(json) as { nftables?: { chain?: Record<string, unknown> }[] }
  const families = ['inet', family === 'iptables' ? 'ip' : 'ip6']
  return nftables.flatMap(({ chain }) => {
    if (chain?.['hook'] !== 'forward' || chain['policy'] !== 'drop' || !families.includes(String(chain['family']))) return []
    const name = `nft ${String(chain['family'])} ${String(chain['table'])} ${String(chain['name'])}`
    return / ip6? filter FORWARD$/.test(name) ? [] : [name]
  })
}
