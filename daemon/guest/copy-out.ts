/** vm.copy-out: pieces of a file in the guest. */
import { COPY_LIMIT } from '../../policy/api/guest.ts'
import type { Params, Result } from '../../policy/api/index.ts'
import { UserError } from '../../policy/errors.ts'
import { quoteWord } from '../shell-word.ts'
import type { Entry } from '../vm/table.ts'
import { readFromFile } from './file.ts'
import { runScript } from './script.ts'
import { nameOf } from './failures.ts'
import { withGuest, type GuestDependencies, type GuestSession } from './session.ts'

/** Opening a pipe that nobody writes to would hold the agent for ever, and a folder opens well and cannot be read. */
const INSPECT = `
[ -d "$1" ] && exit 21
[ -p "$1" ] && exit 22
[ -b "$1" ] || [ -c "$1" ] && exit 23
[ -f "$1" ] && stat -L -c '%s %a' "$1"
`

export async function copyOut(deps: GuestDependencies, entry: Entry, { path, offset, limitBytes }: Params<'vm.copy-out'>): Promise<Result<'vm.copy-out'>> {
  return await withGuest(deps, entry, async (guest) => {
    const facts = offset === 0 ? await inspect(guest, path) : {}
    if (Math.max(facts.size ?? 0, offset) > COPY_LIMIT) throw tooLarge(path, facts.size)
    const { bytes, isEnd } = await readFromFile(guest, path, { offset, limitBytes })
    return { data: bytes.toString('base64'), nextOffset: offset + bytes.length, isEnd, ...facts }
  })
}

/** What a guest without a shell, or whose agent runs none, does not tell is gone without. */
async function inspect(guest: GuestSession, path: string): Promise<{ size?: number; mode?: string }> {
  const answer = await runScript(guest, INSPECT, [path]).catch((error: unknown) => {
    if (error instanceof UserError && (error.data.name === 'GUEST_AGENT_REFUSES' || error.data.name === 'GUEST_EXEC_FAILED')) return undefined
    throw error
  })
  if (answer?.exitCode === 21) throw refuse(guest, path, 'is a folder', `Pack it first: aetherscale vm exec ${nameOf(guest.entry)} -- tar -cf /tmp/folder.tar ${quoteWord(path)}`)
  if (answer?.exitCode === 22) throw refuse(guest, path, 'is a pipe')
  if (answer?.exitCode === 23) throw refuse(guest, path, 'is a device')
  const [, size, mode] = /^(\d{1,15}) ([0-7]{1,4})\n$/.exec(answer?.stdout.bytes.toString() ?? '') ?? []
  return size === undefined || mode === undefined ? {} : { size: Number(size), mode }
}

/** Also where the guest says nothing of the size, or lies: it may go on for ever. */
function tooLarge(path: string, size: number | undefined): UserError {
  return new UserError('GUEST_COPY_TOO_LARGE', `${path} has ${size ?? 'too many'} bytes; ${COPY_LIMIT} is the most`, {
    field: 'path',
    hint: 'Have the guest send it by its network, or cut it (split(1)) and copy the parts',
  })
}

function refuse(guest: GuestSession, path: string, what: string, hint?: string): UserError {
  return new UserError('GUEST_FILE_FAILED', `${path} of VM ${nameOf(guest.entry)} ${what}`, { field: 'path', ...(hint !== undefined && { hint }) })
}
