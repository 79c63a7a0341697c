/** The token of the door, in a file that its owner alone may read. */
import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { open } from 'node:fs/promises'
import { UserError } from '../../policy/errors.ts'
import { makePrivately } from '../private-file.ts'

/** What a token is at the least: 20 characters, as it is a password that machines guess at. */
const TOKEN = /^[A-Za-z0-9._~+/=-]{20,512}$/

/**
 * Reads the token; where there is no file, one is made with 256 random bits.
 *
 * @throws UserError HOST_IO where others may read the file, it is not the user's, is a symbolic link, or holds no token
 */
export async function readToken(path: string): Promise<string> {
  return (await readIfThere(path)) ?? (await makeToken(path))
}

async function readIfThere(path: string): Promise<string | undefined> {
  let file
  try {
    // O_NONBLOCK, for a pipe in its place would wait for a writer
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code === 'ELOOP') throw refuse(path, 'is a symbolic link')
    throw refuse(path, `cannot be read: ${message}`, error)
  }
  try {
    const problem = findProblem(await file.stat())
    if (problem !== undefined) throw refuse(path, problem)
    const token = (await file.readFile('utf8')).trim()
    if (TOKEN.test(token)) return token
    throw refuse(path, 'does not hold a token: 20 to 512 letters, digits and -._~+/= on one line')
  } finally {
    await file.close()
  }
}

/** What is wrong with the file that a token is in. */
function findProblem(stats: Stats): string | undefined {
  if (!stats.isFile()) return 'is not a file'
  if (stats.uid !== process.geteuid?.()) return 'belongs to another user'
  if ((stats.mode & 0o077) !== 0) return 'may be used by others (chmod go= takes that away; make a new one, if they may have read it)'
  return stats.size > 1024 ? 'is too long for a token' : undefined
}

/** One that another door makes at the same moment counts. */
async function makeToken(path: string): Promise<string> {
  try {
    makePrivately(path, `${randomBytes(32).toString('base64url')}\n`)
  } catch (error) {
    throw refuse(path, `cannot be made: ${(error as Error).message}`, error)
  }
  const token = await readIfThere(path)
  if (token === undefined) throw refuse(path, 'was taken away as it was made')
  return token
}

function refuse(path: string, why: string, cause?: unknown): UserError {
  return new UserError('HOST_IO', `The token file ${path} ${why}`, { hint: 'name another one with --token-file', cause })
}
