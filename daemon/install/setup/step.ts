/** What setup is made of: steps with a sentence, what they do, and what there is to be taken back afterwards. */
import type { Move } from './bridge/move.ts'
import type { Grant } from '../../../policy/privileged/allowlist.ts'

/** One deed. A program is an absolute path; a text that it is to read goes to its stdin. */
export type Action =
  | { readonly run: readonly string[]; readonly as?: string; readonly input?: string; readonly mayFail?: true }
  | { readonly write: string; readonly text: string }
  | { readonly remove: string }
  /** Only if it is empty. */
  | { readonly removeFolder: string }
  | { readonly makeFolder: string }
  /** Waits until the daemon answers there. */
  | { readonly awaitAnswer: string }
  | { readonly moveUplink: Move }
  | { readonly restoreUplink: string; readonly bridge: string }
  | { readonly deleteLinksOf: string }

/**
 * Something that setup made and that was not there before: what `--remove` takes back. `of` is the user it was made for,
 * none for what all of them share.
 */
export type Made = { readonly of?: string } & (
  | { readonly kind: 'file' | 'folder'; readonly path: string }
  | { readonly kind: 'group'; readonly name: string }
  | { readonly kind: 'user'; readonly name: string }
  | { readonly kind: 'home'; readonly path: string }
  | { readonly kind: 'member'; readonly user: string; readonly group: string }
  | { readonly kind: 'manager'; readonly uid: string; readonly dropIn: string }
  | { readonly kind: 'linger'; readonly user: string; readonly uid: string }
  /** What the allowlist said of this principal before; null where it said nothing. */
  | { readonly kind: 'grant'; readonly principal: string; readonly previous: GrantText | null }
  | { readonly kind: 'runtime'; readonly path: string }
  | { readonly kind: 'unit'; readonly unit: string }
  | { readonly kind: 'helperSocket'; readonly uid: string }
  | { readonly kind: 'config'; readonly user: string; readonly path: string; readonly previous: string | null; readonly folders: readonly string[] }
  | { readonly kind: 'daemon'; readonly user: string; readonly home: string }
  /** `boot`: a bridge that is there after another boot is the admin's own. */
  | { readonly kind: 'bridge'; readonly bridge: string; readonly uplink: string; readonly boot: string }
)

/** A grant as the file has it: what was left out stays out. */
export type GrantText = Partial<Grant>

export interface Step {
  /** "make the group aetherscale" */
  readonly says: string
  /** There is nothing to do. */
  readonly isDone: boolean
  readonly made: readonly Made[]
  readonly actions: readonly Action[]
}

/** Stands for the uid of the user that is not made yet. */
export const UID = '{uid}'

export function fillUid<T>(value: T, uid: string): T {
  return JSON.parse(JSON.stringify(value).replaceAll(UID, uid)) as T
}

/** Whether both are the same thing, whatever else is known of it. */
export function keyOf(made: Made): string {
  const { kind } = made
  if ('path' in made) return `${kind} ${made.path}`
  if (kind === 'member') return `${kind} ${made.user} ${made.group}`
  if (kind === 'bridge') return `${kind} ${made.bridge} ${made.boot}`
  if ('uid' in made) return `${kind} ${made.uid}`
  if ('principal' in made) return `${kind} ${made.principal}`
  if ('unit' in made) return `${kind} ${made.unit}`
  return `${kind} ${'user' in made ? made.user : made.name}`
}

/** Whether the user that it is for can do it without root: it starts with what is theirs. */
export function isOwners({ actions }: Step): boolean {
  return actions.some((action) => 'run' in action && action.as !== undefined)
}
