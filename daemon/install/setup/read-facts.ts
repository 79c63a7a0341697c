/** Asks the host for what the planner needs to know. */
import { lstatSync, readFileSync } from 'node:fs'
import { UserError } from '../../../policy/errors.ts'
import { ALLOWLIST_FILE } from '../../../policy/privileged/allowlist.ts'
import { askDaemon } from './ask-daemon.ts'
import { planMove } from './bridge/move.ts'
import { readBridges, readUplink } from './bridge/read.ts'
import { ownersPlaces, type Account, type Facts } from './facts.ts'
import { readManifest } from './manifest.ts'
import type { SetupOptions } from './options.ts'
import { ETC, HELPER_USERS, helperSocket, HOME, OBSERVERS, OWNER, PACKAGE_FILES, programs, RADVD_PATH, RUNTIME, SYSTEM_UNITS, TMPFILES } from './places.ts'
import { ACCOUNT_FILES } from './plan.ts'
import { runProgram } from './programs.ts'

/** `caller`: whom --user is for. */
export async function readFacts(options: SetupOptions, caller: Account | undefined): Promise<Facts> {
  const accounts = readAccounts([OWNER, ...HELPER_USERS, ...options.members, ...options.observers])
  const account = caller ?? accounts.get(OWNER)
  const owner = account ?? { name: OWNER, home: HOME, uid: undefined }
  const uid = owner.uid ?? ''
  const places = ownersPlaces(owner.home, uid, options.isForUser)
  const socket = helperSocket(uid)
  const wants = (target: string, unit: string): string[] => [`${SYSTEM_UNITS}/${target}.wants`, `${SYSTEM_UNITS}/${target}.wants/${unit}`]
  return {
    owner,
    accounts,
    localNames: new Set(readText('/etc/passwd')!.split('\n').map((line) => line.split(':')[0]!)),
    groups: readGroups([OWNER, OBSERVERS, 'kvm']),
    texts: new Map(
      [[TMPFILES, readText(TMPFILES)], [ALLOWLIST_FILE, readText(ALLOWLIST_FILE)], [`${places.dropIn}/aetherscale.conf`, readText(`${places.dropIn}/aetherscale.conf`)],
        [places.config, account && readAs(account, places.config)]].flatMap(([path, text]) => (text === undefined ? [] : [[path!, text] as const])),
    ),
    present: new Set(
      [
        ...PACKAGE_FILES, ...ACCOUNT_FILES, ETC, ALLOWLIST_FILE, HOME, RUNTIME, '/run/aetherscale-net', '/run/aetherscale-ra', '/run/aetherscale-ra/pending',
        '/usr/sbin/radvd', '/var/lib/systemd/linger', `/var/lib/systemd/linger/${owner.name}`, places.wanted, ...places.folders,
        ...wants('paths.target', RADVD_PATH), ...wants('sockets.target', socket),
      ].filter(isThere),
    ),
    active: readActive([RADVD_PATH, ...(uid === '' ? [] : [socket, `user@${uid}.service`])]),
    daemon: { isEnabled: isThere(places.wanted), answers: await askDaemon(places.socket) },
    bridges: readBridges(),
    made: readManifest(),
    move: options.createBridge && planMove(options.createBridge, readUplink(options.createBridge.uplink)),
    boot: readText('/proc/sys/kernel/random/boot_id')!.trim(),
  }
}

/** Those of the names that are accounts, from wherever this host has them (nsswitch.conf(5)). */
export function readAccounts(names: readonly string[]): Map<string, Account> {
  const lines = runProgram([programs.getent, 'passwd', ...new Set(names)]).stdout.split('\n').map((line) => line.split(':'))
  return new Map(lines.flatMap(([name = '', , uid = '', gid = '', , home = '']) => (name === '' ? [] : [[name, { name, uid, gid, home }] as const])))
}

function readGroups(names: readonly string[]): Map<string, string[]> {
  const lines = runProgram([programs.getent, 'group', ...names]).stdout.split('\n').map((line) => line.split(':'))
  return new Map(lines.flatMap(([name = '', , , members = '']) => (name === '' ? [] : [[name, members.split(',')] as const])))
}

function readActive(units: readonly string[]): Set<string> {
  const states = runProgram([programs.systemctl, 'is-active', ...units]).stdout.trim().split('\n')
  return new Set(units.filter((_unit, index) => states[index] === 'active'))
}

/** What this user may not look at counts as absent. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

/** Of a file that root alone can have put there. */
export function readText(path: string): string | undefined {
  return isThere(path) ? readFileSync(path, 'utf8') : undefined
}

/** As its owner would: root would follow a link of theirs to wherever it leads. */
function readAs(account: Account, path: string): string | undefined {
  const { status, stdout, words } = runProgram([programs.sh, '-c', '[ ! -e "$1" ] || { echo found; exec cat "$1"; }', 'sh', path], { account })
  if (status === 0) return stdout.startsWith('found\n') ? stdout.slice('found\n'.length) : undefined
  throw new UserError('HOST_IO', `${account.name} cannot read ${path}: ${words}`, { hint: 'See whose it is, and run setup again' })
}
