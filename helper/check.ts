/** `aetherscale-net check`: an allowlist in words. */
import { readAllowlist } from './allowlist.ts'

/** Never throws: a file that counts for nothing is what it is there to explain. */
export function explainAllowlist(path: string): { text: string; isValid: boolean } {
  try {
    const { principals, unknown } = readAllowlist(path)
    const grants = Array.from(principals.values(), ({ names: [uid, name = 'no account'], grant: { bridges, prefix, quota } }) =>
      `uid ${uid} (${name}): ${quota.taps} taps, ${quota.bridges} private networks; bridges of the host: ${bridges.join(', ') || 'none'}; prefixes: ${prefix ?? 'none'}`)
    const nobody = unknown.map((entry) => `"${entry}" is nobody: /etc/passwd has no such account. If it comes from elsewhere, write its uid.`)
    return { text: [...grants, ...nobody, 'Whoever is not named here may do nothing.'].join('\n'), isValid: unknown.length === 0 }
  } catch (error) {
    return { text: `Everything is denied: ${(error as Error).message}`, isValid: false }
  }
}
