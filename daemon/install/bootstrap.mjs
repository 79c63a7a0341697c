#!/usr/bin/env node
/**
 * Puts on a machine what it lacks: `node daemon/install/bootstrap.mjs GROUP…` with the groups of programs.json.
 *
 * Runs before anything is installed, hence plain JavaScript on Node's own modules, for any Node from 20 on. As root it
 * installs Debian packages and says which and why; as anyone else it prints the one command to run and exits with 1.
 * Never calls sudo by itself. Silent where nothing is missing.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE = 20
/** Debian leaves these out of a plain user's PATH; mke2fs is there. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin']

const root = fileURLToPath(new URL('../../', import.meta.url))
const table = JSON.parse(readFileSync(new URL('programs.json', import.meta.url), 'utf8'))

process.exitCode = bootstrap(process.argv.slice(2))

function bootstrap(groups) {
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    return fail(`Node ${process.versions.node} is too old: ${OLDEST_NODE} or newer is needed to set up, with its npm`)
  }
  const known = new Set(table.flatMap((entry) => entry.groups))
  const unknown = groups.filter((group) => !known.has(group))
  if (groups.length === 0 || unknown.length > 0) {
    return fail(`usage: node daemon/install/bootstrap.mjs GROUP…\nGroups: ${[...known].join(', ')}`)
  }
  return installPrograms(groups) || installModules()
}

function installPrograms(groups) {
  const absent = table.filter((entry) => entry.groups.some((group) => groups.includes(group)) && !find(entry.program))
  const needed = absent.filter((entry) => entry.need === 'needed')
  const isRoot = process.getuid() === 0
  if (absent.length === 0 || (needed.length === 0 && !isRoot)) return 0

  if (!find('apt-get')) {
    const lines = needed.map((entry) => `  ${entry.program} (${entry.package} in Debian, ${entry.arch} in Arch): ${entry.why}`)
    if (needed.length === 0) return 0
    return fail(`These programs are missing, and this is no Debian to install them on:\n${lines.join('\n')}`)
  }
  const packages = [...new Set(absent.map((entry) => entry.package))]
  console.log(isRoot ? 'Installing Debian packages:' : 'Debian packages are missing:')
  for (const name of packages) {
    const reasons = absent.filter((entry) => entry.package === name).map((entry) => `${entry.why} (${entry.program})`)
    console.log(`  ${name.padEnd(16)} ${reasons.join('; ')}`)
  }
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...packages]
  if (!isRoot) {
    const update = hasPackageLists() ? '' : 'sudo apt-get update && '
    return fail(`To install them, run:\n\n  ${update}sudo ${install.join(' ')}\n\nand then the same again.`)
  }
  return apt(['apt-get', '-qq', ...install.slice(1)]) || verify(needed)
}

/** Installs from the lists that are there; fetches new ones where there are none, or they do not serve any more. */
function apt(install) {
  // Servers among the packages are for tests, which start their own: deb-systemd-invoke and systemctl then start nothing.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', SYSTEMD_OFFLINE: '1' }
  const hadLists = hasPackageLists()
  if (!hadLists && run(['apt-get', '-qq', 'update'], { env }) !== 0) return fail('apt-get update failed: see above')
  if (run(install, { env }) === 0) return 0
  if (!hadLists) return fail('apt-get install failed: see above')
  console.log('Trying again with new package lists')
  if (run(['apt-get', '-qq', 'update'], { env }) !== 0) return fail('apt-get update failed: see above')
  return run(install, { env }) === 0 ? 0 : fail('apt-get install failed: see above')
}

function verify(needed) {
  const still = needed.filter((entry) => !find(entry.program))
  if (still.length === 0) return 0
  return fail(`Installed, and still not found: ${still.map((entry) => `${entry.program} (${entry.package})`).join(', ')}`)
}

function hasPackageLists() {
  try {
    return readdirSync('/var/lib/apt/lists').some((name) => /_Packages(\.\w+)?$/.test(name))
  } catch {
    return false
  }
}

/** `npm ci` where node_modules is not what the lock file says. */
function installModules() {
  const reason = staleModules()
  if (!reason) return 0
  console.log(`Installing node modules (${reason})`)
  const owner = ownerToBe()
  if (owner === undefined) return fail(`node_modules cannot be written by uid ${process.getuid()}: run this as the owner of ${root}`)
  const status = run(['npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, ...owner })
  if (status !== 0) return fail('npm ci failed: see above')
  const after = staleModules()
  return after ? fail(`npm ci succeeded, and yet ${after}`) : 0
}

/** Compares npm's own record of what it installed with the lock file; no time stamps, so a copied tree is understood. */
function staleModules() {
  const locked = readPackages(join(root, 'package-lock.json'))
  const installed = readPackages(join(root, 'node_modules/.package-lock.json'))
  if (!installed) return 'there are none'
  for (const [path, entry] of Object.entries(locked)) {
    if (path === '') continue
    const found = installed[path]
    // optional: packages of other platforms stay out
    if (!found && !entry.optional) return `${path} is missing`
    if (found && (found.version !== entry.version || found.integrity !== entry.integrity)) return `${path} is another version`
  }
  const extra = Object.keys(installed).find((path) => !locked[path])
  if (extra) return `${extra} is not in the lock file`
  const node = join(root, 'node_modules/.bin/node')
  return Number(process.versions.node.split('.')[0]) >= 24 || existsSync(node) ? undefined : 'Node 24 is missing'
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Whoever runs this, node_modules belongs to whom the checkout belongs to: with sudo, npm runs as the checkout's owner.
 * `undefined` where that is neither root's doing nor the caller's own checkout.
 */
function ownerToBe() {
  const { uid, gid } = statSync(root)
  // npm runs scripts with node_modules/.bin first in PATH; this npm is about to remove that folder
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.endsWith('node_modules/.bin'))
  const env = { ...process.env, PATH: path.join(delimiter) }
  if (process.getuid() !== 0) return uid === process.getuid() || isWritable(root) ? { env } : undefined
  if (uid === 0) return { env }
  const home = spawnSync('getent', ['passwd', String(uid)], { encoding: 'utf8' }).stdout?.split(':')[5]
  if (!home) return { env }
  return { uid, gid, env: { ...env, HOME: home } }
}

function isWritable(path) {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function run([program, ...args], options) {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options })
  if (error) console.error(`${program}: ${error.message}`)
  return status ?? 1
}

/** A name is looked for along PATH; what programs.json names by its path, which may be a folder, has to be there. */
function find(program) {
  if (program.startsWith('/')) return existsSync(program)
  return [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS].some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function fail(message) {
  console.error(message)
  return 1
}
