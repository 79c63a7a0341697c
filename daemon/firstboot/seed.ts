/** The NoCloud seed: a disk labelled `cidata` that cloud-init looks for ("NoCloud" of its documentation). */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../policy/errors.ts'
import { settleFile } from '../state/file.ts'
import { runProgram } from '../qemu/program.ts'
import { RUNNER } from './guest-files.ts'
import { scriptOf, type FirstBootRequest } from './request.ts'
import { composeUserData } from './user-data.ts'

const TIMEOUT_MS = 60_000

/**
 * PURE: the files of a seed, by name. A guest without cloud-init may take the script and what runs it as they are; the tiny
 * image does.
 */
export function composeSeed(request: FirstBootRequest): Readonly<Record<string, string>> {
  const script = scriptOf(request)
  const { instanceId, isCopy, hostname, macs, sshKeys, userData } = request
  // Of YAML, in which it is written, JSON is a part.
  const metaData = { 'instance-id': instanceId, 'local-hostname': hostname, 'public-keys': sshKeys }
  return {
    'meta-data': `${JSON.stringify(metaData, null, 2)}\n`,
    'user-data': composeUserData({ instanceId, isCopy, script, cloudConfig: userData }),
    ...(macs.length > 1 && { 'network-config': `${JSON.stringify(networkConfig(macs), null, 2)}\n` }),
    ...(script !== undefined && { 'aetherscale-init-script': script, 'aetherscale-init': RUNNER.content }),
  }
}

/**
 * cloud-init by itself brings up the first interface alone. Version 2 of its format; none of them is waited for longer than
 * the first, for a private network may have nobody who gives addresses.
 */
function networkConfig(macs: readonly string[]): object {
  const ethernets = macs.map((mac, index) => [
    `eth${index}`,
    { match: { macaddress: mac }, 'set-name': `eth${index}`, dhcp4: true, 'accept-ra': true, ...(index > 0 && { optional: true }) },
  ])
  return { version: 2, ethernets: Object.fromEntries(ethernets) as object }
}

/**
 * Writes a seed to `target`, whole or not at all, by way of a folder beside it. Throws PROGRAM_MISSING, NO_SPACE,
 * FIRST_BOOT_FAILED.
 */
export async function makeSeed(target: string, request: FirstBootRequest): Promise<void> {
  const work = seedWork(target)
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { mode: 0o700 })
  try {
    const files = composeSeed(request)
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(work, name), text, { mode: 0o600 })))
    const made = join(work, 'seed.iso')
    const result = await runProgram('genisoimage', seedArgv(made, work, Object.keys(files)), { timeoutMs: TIMEOUT_MS })
    if (result.exitCode !== 0) throw explain(target, result.stderr)
    // It may hold secrets; and it is to be there also if the power goes now.
    await settleFile(made, 0o600)
    await rename(made, target)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** One name, so that the next one takes away what a killed daemon has left. */
export function seedWork(target: string): string {
  return `${target}.new`
}

/** PURE: what genisoimage is told, without its name. Joliet and Rock Ridge keep the names of the files as they are. */
export function seedArgv(target: string, folder: string, names: readonly string[]): string[] {
  return ['-quiet', '-V', 'cidata', '-J', '-r', '-o', target, ...names.map((name) => join(folder, name))]
}

function explain(target: string, words: string): UserError {
  const last = words.trimEnd().split('\n').at(-1) ?? ''
  if (/No space left|Disk quota/i.test(words)) return new UserError('NO_SPACE', `The seed ${target} could not be written: ${last}`, { hint: 'Make room there' })
  return new UserError('FIRST_BOOT_FAILED', `The seed ${target} could not be made: ${last}`)
}
