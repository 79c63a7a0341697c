/** A release of the sources as they are, for the system tests: packed once, by one of those that want it. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { assemblePackage } from '../../.build/package/assemble.ts'
import { writeRelease, type Package, type Release } from '../../.build/package/deb.ts'
import { hashEntries } from '../../.build/package/entry.ts'
import { findEpoch } from '../../.build/package/epoch.ts'
import { defaultCacheFolder } from '../../daemon/image/builder/cached.ts'
import { tryLock } from '../../daemon/state/lock.ts'
import manifest from '../../package.json' with { type: 'json' }

/** A test that was given another one may still be about to copy it. */
const KEPT_FOR_MS = 1_800_000

/** The paths of both files; another `version` than that of the sources is for tests of what an upgrade does. */
export async function ensureRelease(version: string = manifest.version): Promise<Release> {
  const made = await assemblePackage(version)
  const cache = join(defaultCacheFolder(process.env), 'release')
  mkdirSync(cache, { recursive: true })
  const folder = join(cache, hashEntries([...made.files, ...made.control]).slice(0, 16))
  const unlock = await waitForLock(join(cache, 'lock'))
  try {
    if (!existsSync(folder)) await pack(folder, made)
    const now = new Date()
    utimesSync(folder, now, now)
    removeOld(cache, folder)
  } finally {
    unlock()
  }
  return { deb: join(folder, `${made.debName}.deb`), tarball: join(folder, `${made.tarballName}.tar.zst`) }
}

async function pack(folder: string, made: Package): Promise<void> {
  const fresh = `${folder}.new`
  rmSync(fresh, { recursive: true, force: true })
  await writeRelease(fresh, made, findEpoch(process.env))
  renameSync(fresh, folder)
}

async function waitForLock(path: string): Promise<() => void> {
  for (;;) {
    const unlock = tryLock(path)
    if (unlock) return unlock
    await delay(100)
  }
}

/** By when they were last asked for. */
function removeOld(cache: string, current: string): void {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name)
    if (name === 'lock' || name === basename(current)) continue
    if (Date.now() - statSync(path).mtimeMs > KEPT_FOR_MS) rmSync(path, { recursive: true, force: true })
  }
}
