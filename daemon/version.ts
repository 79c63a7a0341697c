/** The version, from package.json; a bundle has it written in. */
import manifest from '../package.json' with { type: 'json' }

export const version: string = manifest.version
