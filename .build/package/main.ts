/**
 * `npm run package [-- FOLDER]` writes a release into dist/package/, or the folder: a Debian package, and a tarball of the
 * same files for other systems. It is for the machine's own architecture, and the same whenever it is made of the same commit.
 */
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { giveBack } from '../give-back.ts'
import { root } from '../programs.ts'
import { assemblePackage } from './assemble.ts'
import { writeRelease } from './deb.ts'
import { findEpoch } from './epoch.ts'

const folder = process.argv[2]
const made = await assemblePackage(manifest.version)
const { deb, tarball } = await writeRelease(resolve(folder ?? join(root, 'dist/package')), made, findEpoch(process.env))
if (folder === undefined) giveBack(root, ['dist'])
for (const file of [deb, tarball]) console.log(`${file}  ${((await stat(file)).size / 1e6).toFixed(1)} MB`)
