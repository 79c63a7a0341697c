/** A file in a guest that is not whole yet, by scripts: the agent's own files are made for all to read and write. */
import { posix } from 'node:path'
import { UserError } from '../../policy/errors.ts'
import { quoteWord } from '../shell-word.ts'
import { runScript } from './script.ts'
import { nameOf } from './failures.ts'
import type { GuestSession } from './session.ts'

interface Place {
  readonly path: string
  readonly partial: string
}

const IS_FOLDER = 21
const NO_FOLDER = 22
const NOT_WHOLE = 23

/** `set -C`: whatever has this name already is not written into. */
const BEGIN = `
[ -d "$2" ] && exit ${IS_FOLDER}
[ -d "$3" ] || exit ${NO_FOLDER}
umask 077
set -C
: > "$1"
`

const FINISH = `
[ -d "$2" ] && exit ${IS_FOLDER}
[ "$(wc -c < "$1")" -eq "$3" ] || exit ${NOT_WHOLE}
chmod "$4" "$1" && mv -f "$1" "$2"
`

/** In the folder of the file, for only there a rename is one step; short, for names end at 255 bytes. */
export function partialName(path: string, id: string): string {
  return posix.join(posix.dirname(path), `.aetherscale-${id}.part`)
}

/** Makes it, empty. Throws GUEST_FILE_NOT_FOUND and GUEST_FILE_FAILED. */
export async function beginFile(guest: GuestSession, { path, partial }: Place): Promise<void> {
  await run(guest, path, BEGIN, [partial, path, posix.dirname(path)])
}

/** Gives it its name. Throws GUEST_FILE_FAILED. */
export async function finishFile(guest: GuestSession, { path, partial, size }: Place & { readonly size: number }, mode: string): Promise<void> {
  await run(guest, path, FINISH, [partial, path, String(size), mode])
}

export async function removePartial(guest: GuestSession, partial: string): Promise<void> {
  await run(guest, partial, 'rm -f "$1"', [partial])
}

async function run(guest: GuestSession, path: string, script: string, args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await runScript(guest, script, args)
  if (exitCode === 0) return
  const where = `${path} of VM ${nameOf(guest.entry)}`
  if (exitCode === NO_FOLDER) {
    throw new UserError('GUEST_FILE_NOT_FOUND', `There is no folder for ${where}`, {
      field: 'path',
      hint: `Make it: aetherscale vm exec ${nameOf(guest.entry)} -- mkdir -p ${quoteWord(posix.dirname(path))}`,
    })
  }
  if (exitCode === IS_FOLDER) {
    throw new UserError('GUEST_FILE_FAILED', `${where} is a folder`, { field: 'path', hint: 'Name the file in it' })
  }
  const why = exitCode === NOT_WHOLE ? 'the guest holds another number of bytes than were sent' : stderr.bytes.toString().trim()
  throw new UserError('GUEST_FILE_FAILED', `The guest refused ${where}: ${why}`, { field: 'path' })
}
