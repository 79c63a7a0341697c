/** The command line of setup, as what is wanted. */
import { parseArgs } from 'node:util'
import { UserError } from '../../../policy/errors.ts'
import { BRIDGE_NAME } from '../../../policy/grammars.ts'
import { parsePrefix } from '../../../policy/privileged/prefix.ts'

export interface SetupOptions {
  readonly bridges: readonly string[]
  readonly prefix: string | undefined
  readonly createBridge: { readonly bridge: string; readonly uplink: string } | undefined
  readonly members: readonly string[]
  readonly observers: readonly string[]
  /** For the caller's own user alone. */
  readonly isForUser: boolean
}

export interface Wanted extends SetupOptions {
  readonly task: 'setup' | 'confirm' | 'remove' | 'help'
  readonly dryRun: boolean
  /** Do not ask. */
  readonly yes: boolean
  readonly purge: boolean
}

/** What useradd(8) takes, and what is safe as a word of a command. */
const ACCOUNT = /^[a-z_][a-z0-9_.-]{0,31}$/
/** A link's name as ip(8) takes it, without what it reads as something else. */
const LINK_NAME = /^(?!if\d+$)[A-Za-z][A-Za-z0-9_.-]{0,14}$/

const shape = {
  bridge: { type: 'string', multiple: true },
  prefix: { type: 'string' },
  'create-bridge': { type: 'string' },
  uplink: { type: 'string' },
  member: { type: 'string', multiple: true },
  observer: { type: 'string', multiple: true },
  user: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  yes: { type: 'boolean' },
  confirm: { type: 'boolean' },
  remove: { type: 'boolean' },
  purge: { type: 'boolean' },
  help: { type: 'boolean' },
} as const

/** Throws UserError INVALID_PARAMS, and what parseArgs throws of an option that there is not. */
export function readOptions(argv: readonly string[]): Wanted {
  const { values } = parseArgs({ args: [...argv], options: shape })
  const { bridge = [], prefix, member = [], observer = [], 'create-bridge': create, uplink, user = false } = values
  for (const name of [...bridge, ...(create === undefined ? [] : [create])]) demand(BRIDGE_NAME.test(name), 'bridge', `"${name}" is no name for a bridge`)
  for (const name of [...member, ...observer]) demand(ACCOUNT.test(name), 'member', `"${name}" is no name of an account`)
  demand(prefix === undefined || (parsePrefix(prefix)?.length ?? 128) <= 64, 'prefix', `"${prefix}" is no IPv6 prefix of at most 64 bits, such as fd5e:a1ce::/48`)
  demand((create === undefined) === (uplink === undefined), 'uplink', '--create-bridge and --uplink need each other')
  demand(uplink === undefined || LINK_NAME.test(uplink), 'uplink', `"${uplink}" is no name of a link`)
  demand(create === undefined || create !== uplink, 'uplink', 'a bridge cannot be its own uplink')
  const isNew = bridge.length + member.length + observer.length > 0 || prefix !== undefined || create !== undefined
  demand(!(values.confirm && values.remove), 'remove', '--confirm and --remove exclude each other')
  demand(!isNew || !(values.confirm === true || values.remove === true), 'remove', '--confirm and --remove take no option that sets something up')
  demand(!values.purge || values.remove === true, 'purge', '--purge is for --remove')
  demand(!user || member.length + observer.length === 0, 'user', 'with --user there are no groups that members could be in')
  return {
    task: values.help ? 'help' : values.confirm ? 'confirm' : values.remove ? 'remove' : 'setup',
    bridges: [...new Set([...bridge, ...(create === undefined ? [] : [create])])],
    prefix,
    createBridge: create === undefined || uplink === undefined ? undefined : { bridge: create, uplink },
    members: member,
    observers: observer,
    isForUser: user,
    dryRun: values['dry-run'] ?? false,
    yes: values.yes ?? false,
    purge: values.purge ?? false,
  }
}

function demand(isRight: boolean, field: string, message: string): void {
  if (!isRight) throw new UserError('INVALID_PARAMS', message, { field, hint: 'See: aetherscale help setup' })
}
