/** Files in a guest, by guest-file-* (docs/interop/qemu-ga-ref of QEMU). Each call opens the file and closes it. */
import * as z from 'zod'
import { UserError } from '../../policy/errors.ts'
import type { AgentError } from '../qemu/agent.ts'
import { nameOf, nonsense } from './failures.ts'
import type { GuestSession } from './session.ts'

/** The next question comes at once. */
const lingerMs = 200

const Handle = z.int()
const Written = z.object({ count: z.int().min(0) })
const Read = z.object({ count: z.int().min(0), 'buf-b64': z.string(), eof: z.boolean() })

/** Adds bytes to the end of a file. Throws GUEST_FILE_NOT_FOUND and GUEST_FILE_FAILED. */
export async function appendToFile(guest: GuestSession, path: string, bytes: Uint8Array): Promise<void> {
  await withFile(guest, path, 'ab', async (handle, explain) => {
    const args = { handle, 'buf-b64': Buffer.from(bytes).toString('base64') }
    const { count } = await guest.ask({ command: 'guest-file-write', args, answer: Written, explain, lingerMs })
    if (count !== bytes.length) throw nonsense(guest.entry, 'guest-file-write', `${count} of ${bytes.length} bytes written`)
  })
}

/** Reads at most `limitBytes` from `offset` on. Throws GUEST_FILE_NOT_FOUND and GUEST_FILE_FAILED. */
export async function readFromFile(
  guest: GuestSession,
  path: string,
  { offset, limitBytes }: { readonly offset: number; readonly limitBytes: number },
): Promise<{ bytes: Buffer; isEnd: boolean }> {
  return await withFile(guest, path, 'rb', async (handle, explain) => {
    if (offset > 0) {
      await guest.ask({ command: 'guest-file-seek', args: { handle, offset, whence: 'set' }, answer: z.unknown(), explain, lingerMs })
    }
    const read = await guest.ask({ command: 'guest-file-read', args: { handle, count: limitBytes }, answer: Read, explain, lingerMs })
    const bytes = Buffer.from(read['buf-b64'], 'base64')
    if (bytes.length !== read.count || bytes.length > limitBytes) {
      throw nonsense(guest.entry, 'guest-file-read', `${bytes.length} bytes where it says ${read.count}, of ${limitBytes} asked for`)
    }
    return { bytes, isEnd: read.eof || bytes.length === 0 }
  })
}

async function withFile<T>(
  guest: GuestSession,
  path: string,
  mode: 'ab' | 'rb',
  work: (handle: number, explain: (error: AgentError) => UserError) => Promise<T>,
): Promise<T> {
  const explain = ({ desc }: AgentError): UserError => fileError(guest, path, desc)
  const handle = await guest.ask({ command: 'guest-file-open', args: { path, mode }, answer: Handle, explain, lingerMs })
  const close = (): Promise<unknown> => guest.ask({ command: 'guest-file-close', args: { handle }, answer: z.unknown(), explain })
  try {
    const result = await work(handle, explain)
    // What is written may fail as late as here: the agent's writes are buffered.
    await close()
    return result
  } catch (error) {
    await close().catch(() => undefined)
    throw error
  }
}

/** Agents tell the file system's error by its text alone (strerror(3)). */
function fileError(guest: GuestSession, path: string, desc: string): UserError {
  const name = desc.includes('No such file or directory') ? 'GUEST_FILE_NOT_FOUND' : 'GUEST_FILE_FAILED'
  return new UserError(name, `VM ${nameOf(guest.entry)} refused ${path}: ${desc}`, { field: 'path' })
}
