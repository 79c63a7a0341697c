/** Which addresses are gone to. Pure. */
import { UserError } from '../../../policy/errors.ts'

const schemes = ['http:', 'https:']

/** Throws UserError INVALID_PARAMS for what is no URL, IMAGE_URL_REFUSED for one that is not to be followed. */
export function parseUrl(text: string, field: string): URL {
  if (!URL.canParse(text)) throw new UserError('INVALID_PARAMS', `"${text}" is no URL`, { field })
  const url = new URL(text)
  const fault = faultOf(url)
  if (fault !== undefined) throw refused(fault, field)
  url.hash = ''
  return url
}

/**
 * Where a redirect (RFC 9110, section 15.4) leads. From https to http only with `mayLoseTls`: what comes from there is held
 * against a digest that was known before. Throws UserError IMAGE_URL_REFUSED.
 */
export function followRedirect(from: URL, location: string, mayLoseTls: boolean): URL {
  if (!URL.canParse(location, from.href)) throw refused(`The server at ${from.host} refers to what is no URL`)
  const to = new URL(location, from)
  const fault = faultOf(to)
  if (fault !== undefined) throw refused(`The server at ${from.host} refers elsewhere: ${fault}`)
  if (from.protocol === 'https:' && to.protocol === 'http:' && !mayLoseTls) {
    throw refused(`The server at ${from.host} refers from https to http, at ${to.host}`, undefined, 'Give the digest (sha256 or sha512), and it is followed')
  }
  return to
}

function faultOf({ protocol, username, password }: URL): string | undefined {
  if (!schemes.includes(protocol)) return `${protocol} is neither http nor https`
  if (username !== '' || password !== '') return 'a URL with a user or password in it would be in logs and records'
  return undefined
}

function refused(message: string, field?: string, hint = 'Download it by other means, and import the file'): UserError {
  return new UserError('IMAGE_URL_REFUSED', message, { hint, ...(field !== undefined && { field }) })
}

/** The last part of the path, as files are named by it. */
export function fileOf(url: URL): string {
  const last = url.pathname.split('/').at(-1) ?? ''
  try {
    return decodeURIComponent(last)
  } catch {
    return last
  }
}
