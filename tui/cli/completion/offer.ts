/** `aetherscale __complete WORD... CURRENT`, which the completion scripts run: a candidate a line, its description after a tab. */
import { connect, type Client } from '../../client.ts'
import type { CommandTable } from '../command-table.ts'
import { printLines, type Io } from '../io.ts'
import { escapeControls } from '../render/escape.ts'
import { findCandidates, rejoinWords, type Candidate, type Completion } from './candidates.ts'

/** Milliseconds that names from the daemon are worth waiting for. */
const PATIENCE = 500
/** Tells the script to offer file names. */
const FILES = ':files'

/** Never says anything else: whatever goes wrong, the user is in the middle of typing. */
export async function offerCompletions(args: readonly string[], table: CommandTable, io: Io): Promise<number> {
  const words = rejoinWords(args)
  const current = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const { candidates, names, prefix, files } = findCandidates(before, current, table)
  const named = names ? await askNames(names, before, io).catch(() => []) : []
  const offered = [...candidates, ...named.map(({ value, about }) => ({ value: prefix + value, about }))]
  const fresh = offered.filter(({ value }) => value.startsWith(current) && !(names && before.includes(value)))
  // Where bash has cut the word at "=", it replaces only what is behind it.
  const cut = args.at(-1) === current ? 0 : current.indexOf('=') + 1
  const lines = fresh.map(({ value, about }) => escapeControls(value.slice(cut)) + (about === '' ? '' : `\t${escapeControls(about)}`))
  printLines(io.stdout, files ? [...lines, FILES] : lines)
  return 0
}

async function askNames(kind: NonNullable<Completion['names']>, before: readonly string[], io: Io): Promise<Candidate[]> {
  const client = await connect({ env: io.env, access: 'observe', ...socketIn(before) })
  try {
    return await { vm: askVms, image: askImages, network: askNetworks, vpn: askVpns }[kind](client)
  } finally {
    client.close()
  }
}

async function askVms(client: Client): Promise<Candidate[]> {
  const { vms } = await client.call('vm.list', {}, { timeoutMs: PATIENCE })
  return vms.map(({ id, name, state }) => ({ value: name ?? id, about: state }))
}

async function askImages(client: Client): Promise<Candidate[]> {
  const { images } = await client.call('image.list', {}, { timeoutMs: PATIENCE })
  return images.map(({ name }) => ({ value: name, about: '' }))
}

async function askNetworks(client: Client): Promise<Candidate[]> {
  const { networks } = await client.call('network.list', {}, { timeoutMs: PATIENCE })
  return networks.map(({ name, prefix = '' }) => ({ value: name, about: prefix }))
}

/** The socket that the line being typed names. */
function socketIn(before: readonly string[]): { socket?: string; directory?: string } {
  const valueOf = (flag: string): string | undefined => {
    const index = before.findLastIndex((word) => word === flag || word.startsWith(`${flag}=`))
    return index < 0 ? undefined : before[index] === flag ? before[index + 1] : before[index]?.slice(flag.length + 1)
  }
  const socket = valueOf('--socket')
  const directory = valueOf('--socket-dir')
  return { ...(socket !== undefined && { socket }), ...(directory !== undefined && { directory }) }
}

async function askVpns(client: Client): Promise<Candidate[]> {
  const { vpns } = await client.call('vpn.list', {}, { timeoutMs: PATIENCE })
  return vpns.map(({ name, prefix }) => ({ value: name, about: prefix }))
}
