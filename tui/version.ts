import manifest from '../package.json' with { type: 'json' }

/** The version of this program; a bundle carries it inside. */
export function readVersion(): string {
  return manifest.version
}
