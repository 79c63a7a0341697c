/** Brings a disk file of the host into the image folder. */
import type { FirstBootWay } from '../../policy/api/first-boot.ts'
import { UserError } from '../../policy/errors.ts'
import type { ImageName } from '../../policy/names.ts'
import { admit, type Candidate, type Look } from './admit.ts'
import { claimName, nameOf, type Claim } from './claim.ts'
import { isPacked, readFormat } from './format.ts'
import { atIntervals, type Report } from './report.ts'
import type { ImageStore, StoredImage } from './store.ts'
import { unpack } from './unpack.ts'

export interface ImportRequest {
  readonly path: string
  readonly name: ImageName | undefined
  readonly firstBoot: FirstBootWay | 'auto'
  readonly report: Report
}

/** What a file of a few KB may become: as much as a pull may, where nothing is said. */
const UNPACKED_LIMIT_BYTES = 16 * 2 ** 30

/**
 * Checks and copies the file; the image appears under its name when it is whole. Throws what {@link claimName},
 * {@link readFormat}, {@link unpack} and {@link admit} throw.
 */
export async function importImage(store: ImageStore, look: Look, { path, name, firstBoot, ...request }: ImportRequest): Promise<StoredImage> {
  const report = atIntervals(request.report)
  const claim = await claimName(store, name ?? nameOf(path))
  try {
    const candidate = await openPack({ path, isOurs: false, claim, limitBytes: UNPACKED_LIMIT_BYTES, report })
    return await admit(candidate, { store, claim, look, firstBoot, report })
  } finally {
    await claim.release()
  }
}

interface PackRequest {
  readonly path: string
  readonly isOurs: boolean
  readonly claim: Claim
  readonly limitBytes: number
  readonly report: Report
}

/** The disk that the file is, or that is packed in it; what is packed twice is refused. */
export async function openPack({ path, isOurs, claim, limitBytes, report }: PackRequest): Promise<Candidate> {
  const format = await readFormat(path)
  if (!isPacked(format)) return { path, format, isOurs }
  await unpack({ path, packing: format, target: claim.unpacked, limitBytes, report })
  const inner = await readFormat(claim.unpacked)
  if (isPacked(inner)) throw packedTwice(path)
  return { path: claim.unpacked, format: inner, isOurs: true }
}

function packedTwice(path: string): UserError {
  return new UserError('IMAGE_INVALID', `What is packed in ${path} is packed itself`, { field: 'path', hint: 'Unpack it first' })
}
