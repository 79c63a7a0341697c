/** Turns whatever a handler throws into what the caller may see of it. */
import { randomBytes } from 'node:crypto'
import { errorTable, UserError, type ErrorData, type ErrorName } from '../../policy/errors.ts'
import type { Logger } from '../log.ts'

/** The error object of an answer (JSON-RPC 2.0, section 5.1). */
export interface RpcError {
  readonly code: number
  readonly message: string
  readonly data: ErrorData
}

/**
 * Errors that a caller can act on keep their words; those of the host's file system name the path; all else is a defect,
 * of which the caller learns a reference alone and the log, under the same reference, everything.
 */
export function explainFailure(thrown: unknown, method: string, log: Logger): RpcError {
  if (thrown instanceof UserError) return toRpcError(thrown)
  const hostError = explainHostError(thrown)
  if (hostError) {
    log.warn({ method, err: thrown }, 'file operation failed')
    return toRpcError(hostError)
  }
  const ref = randomBytes(4).toString('hex')
  log.error({ method, ref, err: thrown instanceof Error ? thrown : new Error(String(thrown)) }, 'defect')
  return {
    code: errorTable.INTERNAL.code,
    message: `${method} met a defect of the daemon`,
    data: { name: 'INTERNAL', ref, hint: `The daemon's log has the details under ref ${ref}` },
  }
}

/** The name under which a caller sees it. */
export function failureName(thrown: unknown): ErrorName {
  return (thrown instanceof UserError ? thrown : explainHostError(thrown))?.data.name ?? 'INTERNAL'
}

export function toRpcError(error: UserError): RpcError {
  return { code: error.code, message: error.message, data: error.data }
}

/** errno(3) names of a full disk or quota, and of what a file system or its permissions refuse. */
const full = new Set(['ENOSPC', 'EDQUOT'])
const refused = new Set([
  ...['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENOTEMPTY', 'EXDEV', 'ELOOP', 'EBUSY'],
  ...['EIO', 'ENAMETOOLONG', 'EFBIG', 'ESTALE', 'ETXTBSY', 'ENXIO', 'ENODEV'],
])

/** An error of node:fs: it has an errno name and, but for those of open files, a path. */
function explainHostError(thrown: unknown): UserError | undefined {
  if (!(thrown instanceof Error)) return undefined
  const { code, path, syscall } = thrown as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined || syscall.startsWith('spawn')) return undefined
  const where = path === undefined ? '' : ` ${path}`
  if (full.has(code)) {
    return new UserError('NO_SPACE', `No space left for ${syscall}${where} (${code})`, { hint: 'Free some space', cause: thrown })
  }
  if (!refused.has(code) || (path === undefined && code !== 'EIO' && code !== 'EROFS')) return undefined
  return new UserError('HOST_IO', `The host refused ${syscall}${where} (${code})`, {
    hint: 'Check that the path is there and that the daemon may use it',
    cause: thrown,
  })
}
