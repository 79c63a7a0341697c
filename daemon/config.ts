/**
 * The daemon's configuration: `daemon.json` in the configuration folder, over it the environment, over that the command
 * line's `--root`. Read once at start; nothing else in the daemon looks at the environment.
 */
import { existsSync, readFileSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import * as z from 'zod'
import { fitsSocketPath, SOCKET_PATH_LIMIT } from '../policy/wire.ts'
import { UserError } from '../policy/errors.ts'

const AbsolutePath = z.string().regex(/^\/[^\0]*$/, 'must be an absolute path')
const GroupName = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'must be the name of a group')

/** `daemon.json`; every field may be left out. */
const ConfigFile = z.strictObject({
  images: AbsolutePath.optional(),
  disks: AbsolutePath.optional(),
  runtime: AbsolutePath.optional(),
  logs: AbsolutePath.optional(),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).optional(),
  accel: z.enum(['auto', 'kvm', 'tcg']).optional(),
  controlGroup: GroupName.optional(),
  observeGroup: GroupName.optional(),
  helperSocket: AbsolutePath.optional(),
  sockets: AbsolutePath.optional(),
  serviceManager: z.enum(['auto', 'systemd', 'embedded']).optional(),
})
type ConfigFile = z.infer<typeof ConfigFile>

export interface Folders {
  /** Base images, `NAME.qcow2`. */
  readonly images: string
  /** The VMs' own disks, `ID.qcow2`. */
  readonly disks: string
  /** What VMs should be: `vm/ID/vm.json`. */
  readonly config: string
  /** The daemon's own sockets, control.sock and observe.sock. */
  readonly sockets: string
  /** Sockets and pid files of VMs; gone after a boot of the host. */
  readonly runtime: string
  /** What serial consoles and QEMU print: `vm/ID/console.log`, `vm/ID/qemu.log`. */
  readonly logs: string
}

export interface Config {
  readonly folders: Folders
  /** Whether the image folder was chosen by somebody: if it is missing then, it is not made, for it may be a disk that is not mounted. */
  readonly isImageFolderChosen: boolean
  /** Keeps what images are built of; may be emptied at any time. */
  readonly cacheFolder: string
  readonly logLevel: string
  /** `auto`: KVM if it boots a guest, else TCG. */
  readonly accel: 'auto' | 'kvm' | 'tcg'
  /** Groups that may use the sockets besides the daemon's own user; without one, the socket is the user's alone. */
  readonly controlGroup: string | undefined
  readonly observeGroup: string | undefined
  /** Where the helper that changes the host's network listens for this user. */
  readonly helperSocket: string
  readonly serviceManager: 'systemd' | 'embedded'
  /** Where the user's systemd has its own sockets, $XDG_RUNTIME_DIR, and where it looks for units. */
  readonly userManager: { readonly runtime: string; readonly units: string } | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/** Which environment variable sets which field of `daemon.json`; the names without prefix are the first program's. */
const variables: Readonly<Record<string, keyof ConfigFile>> = {
  BASE_IMAGE_FOLDER: 'images',
  USER_IMAGE_FOLDER: 'disks',
  AETHERSCALE_SOCKET_DIR: 'runtime',
  AETHERSCALE_LOG_DIR: 'logs',
  LOG_LEVEL: 'logLevel',
  AETHERSCALE_ACCEL: 'accel',
  AETHERSCALE_CONTROL_GROUP: 'controlGroup',
  AETHERSCALE_OBSERVE_GROUP: 'observeGroup',
  AETHERSCALE_HELPER_SOCKET: 'helperSocket',
  AETHERSCALE_SERVICE_MANAGER: 'serviceManager',
}

/**
 * Settles the configuration. With `root`, every folder lies below it and no file or folder of the user's is read.
 * Throws UserError INVALID_PARAMS that names the field, its source and what it must be.
 */
export function loadConfig(env: Environment, root?: string): Config {
  const folders = root === undefined ? userFolders(env) : rootFolders(root)
  const file = join(folders.config, 'daemon.json')
  const fromFile = parse(readConfigFile(file), file)
  const set = Object.entries(variables).flatMap(([name, field]) => {
    const value = env[name]
    return value ? [[field, field === 'logLevel' ? value.toLowerCase() : value] as const] : []
  })
  const fromEnv = parse(Object.fromEntries(set), 'the environment')
  const chosen: ConfigFile = { ...fromFile, ...fromEnv, ...(root === undefined ? {} : rootFolders(root)) }
  const runtime = chosen.runtime ?? folders.runtime
  if (runtime === undefined) {
    throw invalid('runtime', 'the environment', 'neither XDG_RUNTIME_DIR nor AETHERSCALE_SOCKET_DIR is set')
  }
  const config: Config = {
    folders: {
      images: chosen.images ?? folders.images,
      disks: chosen.disks ?? folders.disks,
      config: folders.config,
      sockets: chosen.sockets ?? runtime,
      runtime,
      logs: chosen.logs ?? folders.logs,
    },
    isImageFolderChosen: root === undefined && chosen.images !== undefined,
    cacheFolder: root === undefined ? userCache(env, folders.config) : resolve(root, 'cache'),
    logLevel: chosen.logLevel ?? 'info',
    accel: chosen.accel ?? 'auto',
    controlGroup: chosen.controlGroup,
    observeGroup: chosen.observeGroup,
    ...chooseServiceManager(chosen.serviceManager ?? 'auto', env, root !== undefined),
    // Whoever asks the helper for a user takes all links of that user for its own: a daemon apart must be told to.
    helperSocket: chosen.helperSocket ?? (root === undefined ? `/run/aetherscale-net/${process.getuid?.() ?? 0}.sock` : join(runtime, 'helper.sock')),
  }
  return checkSocketRoom(config)
}

/** Where the user's own systemd answers, it keeps the VMs; not those of a daemon that keeps to one folder. */
function chooseServiceManager(choice: 'auto' | 'systemd' | 'embedded', env: Environment, isApart: boolean): Pick<Config, 'serviceManager' | 'userManager'> {
  const runtime = env['XDG_RUNTIME_DIR']
  const config = env['XDG_CONFIG_HOME'] ?? (env['HOME'] && join(env['HOME'], '.config'))
  const userManager = runtime && config ? { runtime, units: join(config, 'systemd', 'user') } : undefined
  // systemd(1): its private socket is there from its start on. A unit's processes are found by cgroups(7), version 2.
  const answers = userManager && existsSync(join(userManager.runtime, 'systemd', 'private')) && existsSync('/sys/fs/cgroup/cgroup.controllers')
  if (choice === 'systemd' && !answers) {
    throw new UserError('SERVICE_MANAGER_FAILED', `There is no systemd of this user${runtime ? ` at ${runtime}` : ', for XDG_RUNTIME_DIR is not set'}`, {
      field: 'serviceManager',
      hint: 'sudo loginctl enable-linger "$USER" starts it, with the host from then on',
    })
  }
  const isUsed = choice === 'systemd' || (choice === 'auto' && answers && !isApart)
  return { serviceManager: isUsed ? 'systemd' : 'embedded', userManager }
}

/** The runtime folder has no usual place without XDG_RUNTIME_DIR, and needs none where it is chosen. */
function userFolders(env: Environment): Omit<Folders, 'runtime' | 'sockets'> & { readonly runtime: string | undefined } {
  const home = env['HOME']
  const inHome = (variable: string, usual: string): string => {
    const chosen = env[variable]
    if (chosen) return chosen
    if (!home) throw invalid('HOME', 'the environment', `neither ${variable} nor HOME is set`)
    return join(home, usual)
  }
  const data = join(inHome('XDG_DATA_HOME', '.local/share'), 'aetherscale')
  const runtime = env['XDG_RUNTIME_DIR']
  const config = env['CONFIG_DIR'] || join(inHome('XDG_CONFIG_HOME', '.config'), 'aetherscale')
  if (!isAbsolute(config)) throw invalid('CONFIG_DIR', 'the environment', 'must be an absolute path')
  return {
    images: join(data, 'images'),
    disks: join(data, 'disks'),
    config,
    runtime: runtime ? join(runtime, 'aetherscale') : undefined,
    logs: join(inHome('XDG_STATE_HOME', '.local/state'), 'aetherscale'),
  }
}

/** The same as that of the builder when it is called by hand; beside the configuration where there is no home. */
function userCache(env: Environment, config: string): string {
  const caches = env['XDG_CACHE_HOME'] || (env['HOME'] && join(env['HOME'], '.cache'))
  return caches ? join(caches, 'aetherscale') : join(config, 'cache')
}

function rootFolders(root: string): Folders {
  const below = (name: string): string => resolve(root, name)
  return {
    images: below('images'),
    disks: below('disks'),
    config: below('config'),
    sockets: below('run'),
    runtime: below('run'),
    logs: below('log'),
  }
}

function readConfigFile(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return {}
    throw new UserError('HOST_IO', `The configuration ${file} cannot be read: ${code ?? String(error)}`, {
      hint: 'See that its folder is one, and that this user may read it',
      cause: error,
    })
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw invalid('', file, `it is not JSON: ${(cause as Error).message}`)
  }
}

function parse(value: unknown, source: string): ConfigFile {
  const result = ConfigFile.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw invalid(issue?.path.join('.') ?? '', source, issue?.message ?? 'it does not fit')
}

function checkSocketRoom(config: Config): Config {
  if (!fitsSocketPath(config.helperSocket)) {
    throw new UserError('PATH_TOO_LONG', `The helper's socket ${config.helperSocket} has a path of over ${SOCKET_PATH_LIMIT} bytes`, {
      field: 'helperSocket',
      hint: 'No socket can be there; say where it is, with AETHERSCALE_HELPER_SOCKET',
    })
  }
  const longest = join(config.folders.runtime, 'vm', 'x'.repeat(8), 'shutdown.sock')
  if (Buffer.byteLength(longest) <= SOCKET_PATH_LIMIT) return config
  throw new UserError('PATH_TOO_LONG', `The socket ${longest} would have a path of over ${SOCKET_PATH_LIMIT} bytes`, {
    field: 'runtime',
    hint: 'Choose a shorter runtime folder, with AETHERSCALE_SOCKET_DIR or --root',
  })
}

function invalid(field: string, source: string, why: string): UserError {
  return new UserError('INVALID_PARAMS', `Configuration${field ? ` field "${field}"` : ''} in ${source}: ${why}`, { field })
}
