/** The token of the door, in a file that its owner alone may read. */
import { randomBytes } from 'node:crypto'
import { UserError } from '../../policy/errors.ts'
import { makePrivately, readOwnFile } from '../private-file.ts'

/** What a token is at the least: 20 characters, as it is a password that machines guess at. */
const TOKEN = /^[A-Za-z0-9._~+/=-]{20,512}$/

/**
 * Reads the token; where there is no file, one is made with 256 random bits.
 *
 * @throws UserError HOST_IO where others may use the file, it is not the user's, is a symbolic link, or holds no token
 */
export function readToken(path: string): string {
  return readIfThere(path) ?? makeToken(path)
}

function readIfThere(path: string): string | undefined {
  let file
  try {
    file = readOwnFile(path)
  } catch (error) {
    throw refuse(path, (error as Error).message, error)
  }
  if (file === undefined) return undefined
  if (file.exposed !== undefined) throw refuse(path, `${file.exposed} (if they may have read it: remove it, and a new one is made; else chown and chmod go= take that away)`)
  const token = file.text.trim()
  if (TOKEN.test(token)) return token
  throw refuse(path, 'it holds no token: 20 to 512 letters, digits and -._~+/= on one line')
}

/** One that another door makes at the same moment counts. */
function makeToken(path: string): string {
  try {
    makePrivately(path, `${randomBytes(32).toString('base64url')}\n`)
  } catch (error) {
    throw refuse(path, `it cannot be made: ${(error as Error).message}`, error)
  }
  const token = readIfThere(path)
  if (token === undefined) throw refuse(path, 'it was taken away as it was made')
  return token
}

function refuse(path: string, why: string, cause?: unknown): UserError {
  return new UserError('HOST_IO', `The token file ${path} cannot be used: ${why}`, { hint: 'name another one with --token-file', cause })
}
