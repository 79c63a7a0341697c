/** The time that the files of a release bear. */
import { execFileSync } from 'node:child_process'
import { root } from '../programs.ts'

/**
 * Seconds since 1970: what the environment says (reproducible-builds.org, SOURCE_DATE_EPOCH), or when the last commit was
 * made. Throws where there is neither.
 */
export function findEpoch(env: Readonly<Record<string, string | undefined>>): number {
  // the checkout may belong to the user who called sudo
  const git = ['-c', 'safe.directory=*', '-C', root, 'log', '-1', '--format=%ct']
  const said = env['SOURCE_DATE_EPOCH'] ?? execFileSync('git', git, { encoding: 'utf8' }).trim()
  if (!/^\d{1,10}$/.test(said)) throw new Error(`not a time to give to the files: ${JSON.stringify(said)}; set SOURCE_DATE_EPOCH`)
  return Number(said)
}
