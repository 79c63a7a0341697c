/** An image folder, and pulls into it that do not take their time. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pullImage, type PullRequest } from '../../../../daemon/image/pull/pull.ts'
import { createUnderWay } from '../../../../daemon/image/pull/under-way.ts'
import type { Pace } from '../../../../daemon/image/pull/pace.ts'
import { createImageStore, type ImageStore, type StoredImage } from '../../../../daemon/image/store.ts'
import type { ImageName } from '../../../../policy/names.ts'
import { makeFolder } from '../../../fakes/folder.ts'

/** Quick, so that a stall and its retries are over within a second. */
export const quick: Pace = { stallMs: 150, pauseMs: 1, tries: 3 }

interface Test {
  teardown(clean: () => void): unknown
}

export interface Folder {
  readonly folder: string
  readonly store: ImageStore
  readonly reports: string[]
  readonly giveUp: (name: ImageName) => Promise<boolean>
  pull(url: string, more?: Partial<PullRequest>, pace?: Pace): Promise<StoredImage>
  files(): string[]
}

export function openFolder(t: Test, folder = join(makeFolder(t), 'images')): Folder {
  mkdirSync(folder, { recursive: true })
  const store = createImageStore(folder)
  const reports: string[] = []
  const underWay = createUnderWay()
  return {
    folder,
    store,
    reports,
    giveUp: underWay.giveUp,
    pull: (url, more = {}, pace = quick) =>
      pullImage(
        { store, pace, underWay, look: async () => undefined },
        {
          url,
          name: undefined,
          digest: undefined,
          checksums: undefined,
          unverified: false,
          limitBytes: 64 * 2 ** 20,
          firstBoot: 'auto',
          report: (message) => void reports.push(message),
          ...more,
        },
      ),
    files: () => readdirSync(folder).sort(),
  }
}

/** A sound qcow2 with `bytes` of noise in it, so that it can neither be packed nor guessed. */
export function makeQcow2(t: Test, bytes = 2 ** 20, ...options: string[]): Buffer {
  const folder = makeFolder(t)
  const [raw, disk] = [join(folder, 'disk.raw'), join(folder, 'disk.qcow2')]
  writeFileSync(raw, randomBytes(bytes))
  execFileSync('qemu-img', ['convert', '-O', 'qcow2', ...options, raw, disk])
  return readFileSync(disk)
}

/** The header of a qcow2 that names what it must not, or claims what it cannot have. */
export function makeEvilQcow2(t: Test, ...argv: string[]): Buffer {
  const disk = join(makeFolder(t), 'evil.qcow2')
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', ...argv.slice(0, -1), disk, argv.at(-1) ?? ''])
  return readFileSync(disk)
}
