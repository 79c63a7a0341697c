/** Downloads an image, holds it against its digest, and lets it into the image folder. */
import type { FirstBootWay } from '../../../policy/api/first-boot.ts'
import { UserError, type ErrorName } from '../../../policy/errors.ts'
import type { ImageName } from '../../../policy/names.ts'
import { admit, type Look } from '../admit.ts'
import { claimName, nameOf, type Claim } from '../claim.ts'
import { openPack } from '../import.ts'
import { atIntervals, type Report } from '../report.ts'
import type { ImageStore, StoredImage } from '../store.ts'
import type { Digest } from './checksums.ts'
import { lookBeside, missing, readChecksums } from './digest.ts'
import { download } from './download.ts'
import type { Pace } from './pace.ts'
import { openPartial, removeOldPartials, type Partial } from './partial.ts'
import type { UnderWay } from './under-way.ts'
import { fileOf, parseUrl } from './url.ts'

export interface PullRequest {
  readonly url: string
  readonly name: ImageName | undefined
  /** What the caller knows the file by. */
  readonly digest: Digest | undefined
  readonly checksums: string | undefined
  readonly unverified: boolean
  readonly limitBytes: number
  readonly firstBoot: FirstBootWay | 'auto'
  readonly report: Report
}

export interface PullDeps {
  readonly store: ImageStore
  readonly look: Look
  readonly pace: Pace
  readonly underWay: UnderWay
}

/** After these, what came is of no use to another try. */
const spoilt: ReadonlySet<ErrorName> = new Set(['IMAGE_TOO_LARGE', 'IMAGE_DIGEST_WRONG', 'IMAGE_INVALID', 'IMAGE_UNSAFE', 'IMAGE_PULL_STOPPED', 'NO_SPACE'])

/**
 * The image appears under its name when it is whole and checked. Throws the errors of the method `image.pull`. What came of
 * a download that was cut short stays for the next pull of the same URL.
 */
export async function pullImage(deps: PullDeps, request: PullRequest): Promise<StoredImage> {
  const url = parseUrl(request.url, 'source')
  const claim = await claimName(deps.store, request.name ?? nameOf(fileOf(url)))
  try {
    await removeOldPartials(deps.store.folder)
    return await deps.underWay.run(claim.name, (signal) => pullClaimed(deps, request, url, claim, signal))
  } finally {
    await claim.release()
  }
}

async function pullClaimed({ store, look, pace }: PullDeps, request: PullRequest, url: URL, claim: Claim, signal: AbortSignal): Promise<StoredImage> {
  const { limitBytes, firstBoot } = request
  const report = atIntervals(request.report)
  const expected = await settleDigest(request, url, pace)
  const partial = await openPartial(store.folder, url.href)
  return await holding(partial, url, async () => {
    const digest = await download({
      url,
      partial,
      algorithm: expected?.algorithm ?? 'sha256',
      isVerified: expected !== undefined,
      mayLoseTls: request.digest !== undefined,
      limitBytes,
      pace,
      signal,
      report,
    })
    if (expected && digest.hex !== expected.hex) throw wrongDigest(url, digest, expected)
    const candidate = await openPack({ path: partial.path, isOurs: true, claim, limitBytes, report })
    const source = {
      // Without what gives access to it: whoever may look on sees this.
      url: Object.assign(new URL(url), { search: '', hash: '' }).href,
      [digest.algorithm]: digest.hex,
      verified: expected !== undefined,
      pulledAt: new Date().toISOString(),
    }
    return await admit(candidate, { store, claim, look, firstBoot, source, beforeLink: partial.settle, report })
  })
}

async function settleDigest({ digest, checksums, unverified }: PullRequest, url: URL, pace: Pace): Promise<Digest | undefined> {
  if (digest || unverified) return digest
  if (checksums !== undefined) return await readChecksums(parseUrl(checksums, 'checksums'), url, pace)
  const found = await lookBeside(url, pace)
  if (found) return found
  throw missing(`No digest of ${fileOf(url) || 'the file'} is published beside it (SHA256SUMS, SHA512SUMS, .sha256, .sha512)`)
}

/** Keeps what came, removes what became an image or is of no use; and tells of the URL instead of the hidden file. */
async function holding<T>(partial: Partial, url: URL, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work()
    await partial.discard()
    return result
  } catch (thrown) {
    const error = explainFull(thrown)
    const isSpoilt = error instanceof UserError && spoilt.has(error.data.name)
    await (isSpoilt ? partial.discard() : partial.keep())
    if (!(error instanceof UserError)) throw error
    const { name, ...more } = error.data
    throw new UserError(name, error.message.replaceAll(partial.path, url.href), {
      ...more,
      ...(more.field === 'path' && { field: 'source' }),
      cause: error.cause,
    })
  }
}

/** write(2) on a full disk or quota. */
function explainFull(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return new UserError('NO_SPACE', `No space is left for the image (${code})`, {
    hint: 'Make room there, or choose another image folder (BASE_IMAGE_FOLDER)',
    cause: error,
  })
}

function wrongDigest(url: URL, { algorithm, hex }: Digest, expected: Digest): UserError {
  return new UserError('IMAGE_DIGEST_WRONG', `The file at ${url.host} has the ${algorithm} ${hex}, and ${expected.hex} was to be`, {
    field: 'source',
    hint: 'It was removed. Perhaps a new version is being published: try again later; if it stays so, do not trust the server',
  })
}
