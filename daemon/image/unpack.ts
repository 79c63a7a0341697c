/** Unpacks what came packed, never to more than is allowed: a few KB can claim to be terabytes. */
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { UserError } from '../../policy/errors.ts'
import { runProgram } from '../qemu/program.ts'
import { findProgram } from '../service/environment.ts'
import type { Report } from './report.ts'
import type { Packing } from './format.ts'
import { writeBehind } from './write-behind.ts'

export interface UnpackRequest {
  readonly path: string
  readonly packing: Packing
  /** Overwritten if it is there; to be removed by the caller where this fails. */
  readonly target: string
  readonly limitBytes: number
  readonly report: Report
}

/** xz -9 needs 65 MiB to unpack; --extreme dictionaries of up to 1.5 GiB are nobody's images. */
const XZ_MEMORY_BYTES = 256 * 2 ** 20
const CHUNK_BYTES = 2 ** 16

/** Throws UserError IMAGE_TOO_LARGE, IMAGE_INVALID (not whole, or damaged), NO_SPACE, PROGRAM_MISSING. */
export async function unpack(request: UnpackRequest): Promise<void> {
  request.report('unpacking')
  if (request.packing === 'xz') await unpackByXz(request)
  else await unpackByZlib(request, request.packing === 'gzip' ? createGunzip({ chunkSize: CHUNK_BYTES }) : createZstdDecompress({ chunkSize: CHUNK_BYTES }))
}

async function unpackByZlib({ path, target, limitBytes, report }: UnpackRequest, unpacker: Transform): Promise<void> {
  const file = await open(target, 'w', 0o600)
  const { size } = await stat(path)
  const source = createReadStream(path, { highWaterMark: 2 ** 18 })
  source.on('error', (error) => unpacker.destroy(error))
  const writer = writeBehind(file, 0, { sparse: true })
  try {
    for await (const chunk of source.pipe(unpacker) as AsyncIterable<Buffer>) {
      if (writer.position + chunk.length > limitBytes) throw tooLarge(path, limitBytes)
      await writer.write(chunk)
      report('unpacking', Math.min(1, source.bytesRead / size))
    }
    await writer.finish()
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    // zlib's and zstd's own complaints; those of the file system go their way.
    if (!/^(Z_|ZSTD_|ERR_)/.test(code)) throw error
    throw damaged(path, (error as Error).message, error)
  } finally {
    source.destroy()
    unpacker.destroy()
    await file.close()
  }
}

/** Node has no xz. The kernel holds the program to the limit: setrlimit(2), RLIMIT_FSIZE. */
async function unpackByXz({ path, target, limitBytes }: UnpackRequest): Promise<void> {
  const file = createWriteStream(target, { mode: 0o600 })
  await once(file, 'open')
  const bounds = [`--fsize=${limitBytes}`, '--core=0']
  const xz = [findProgram('xz'), '--decompress', '--stdout', '--quiet', `--memlimit-decompress=${XZ_MEMORY_BYTES}`, '--', path]
  const { exitCode, signal, stderr } = await runProgram('prlimit', [...bounds, '--', ...xz], { output: file }).finally(() => file.destroy())
  if (exitCode === 0) return
  const words = stderr.trim().split('\n').at(-1) ?? ''
  if (signal === 'SIGXFSZ' || /File too large/.test(words)) throw tooLarge(path, limitBytes)
  if (/No space left|quota exceeded/i.test(words)) throw new UserError('NO_SPACE', `${path} could not be unpacked: ${words}`, { hint: 'Make room on that file system' })
  throw damaged(path, words || `xz ended with ${signal ?? `status ${exitCode}`}`)
}

function tooLarge(path: string, limitBytes: number): UserError {
  return new UserError('IMAGE_TOO_LARGE', `${path} unpacks to more than ${limitBytes / 2 ** 20} MiB`, {
    hint: 'Allow more (limitMiB of image.pull), or unpack it by hand and import it, if you trust it',
  })
}

function damaged(path: string, why: string, cause?: unknown): UserError {
  return new UserError('IMAGE_INVALID', `${path} cannot be unpacked: ${why}`, { cause })
}
