/** PURE: the allowlist with one entry more, or one less. Entries of others stay as they are written. */
import { UserError } from '../../../policy/errors.ts'
import { Allowlist, ALLOWLIST_FILE } from '../../../policy/privileged/allowlist.ts'
import type { GrantText } from './step.ts'

interface File {
  readonly version: 1
  readonly principals: Readonly<Record<string, GrantText>>
}

export interface Grantee {
  /** How the entry is called where there is none yet. */
  readonly name: string
  readonly uid: string
}

/** The entry's name, what it said, and the text of the file with what is wanted added; no text where it says so already. */
export function addGrant(
  text: string | undefined,
  grantee: Grantee,
  wanted: { readonly bridges: readonly string[]; readonly prefix: string | undefined },
): { principal: string; previous: GrantText | null; text: string | undefined } {
  const file = parse(text)
  const principal = [grantee.name, grantee.uid].find((name) => Object.hasOwn(file.principals, name)) ?? grantee.name
  const previous = file.principals[principal]
  const bridges = [...new Set([...(previous?.bridges ?? []), ...wanted.bridges])]
  const grant: GrantText = {
    ...previous,
    ...(bridges.length > 0 && { bridges }),
    ...(wanted.prefix !== undefined && { prefix: wanted.prefix }),
  }
  const isSame = previous !== undefined && JSON.stringify(previous) === JSON.stringify(grant)
  return { principal, previous: previous ?? null, text: isSame ? undefined : print(file, principal, grant) }
}

/** Whether anybody is in there. */
export function grantsAnything(text: string | undefined): boolean {
  return Object.keys(parse(text).principals).length > 0
}

/** The text without the entry, or with what it was before. */
export function takeGrant(text: string | undefined, principal: string, previous: GrantText | null): string {
  const file = parse(text)
  if (previous) return print(file, principal, previous)
  const { [principal]: _taken, ...rest } = file.principals
  return format({ ...file, principals: rest })
}

function print(file: File, principal: string, grant: GrantText): string {
  return format({ ...file, principals: { ...file.principals, [principal]: grant } })
}

/** One entry a line, as the example has them. The helper takes it, or it is not written. */
function format(file: File): string {
  check(file)
  const entries = Object.entries(file.principals).map(([name, grant]) => `    ${JSON.stringify(name)}: ${JSON.stringify(grant)}`)
  return `{\n  "version": 1,\n  "principals": {${entries.length > 0 ? `\n${entries.join(',\n')}\n  ` : ''}}\n}\n`
}

function parse(text: string | undefined): File {
  if (text === undefined) return { version: 1, principals: {} }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw broken((cause as Error).message, cause)
  }
  return check(value)
}

function check(value: unknown): File {
  const { error } = Allowlist.safeParse(value)
  if (error) throw broken(error.issues.map(({ path, code }) => `${path.join('.') || 'it'}: ${code}`).join('; '), error)
  return value as File
}

function broken(why: string, cause: unknown): UserError {
  return new UserError('SETUP_CONFLICT', `The allowlist ${ALLOWLIST_FILE} does not fit: ${why}`, {
    hint: 'Mend it, or move it away, and run setup again',
    cause,
  })
}
