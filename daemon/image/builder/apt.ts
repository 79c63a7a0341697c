/**
 * apt with a state of its own: the sources (where no others are said), keys and preferences are the machine's, but the lists
 * are fetched anew and nothing of the machine's is written to. So it works for any user, and where no list was ever fetched. apt checks the
 * signatures of the lists and the hashes of the packages.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../../policy/errors.ts'
import { run, type RunOptions } from './program.ts'

export interface Apt {
  /** The packages that this one depends on, by name; of alternatives, all. */
  dependsOn(name: string): Promise<string[]>
  /** This package and all that it needs at run time, by name. */
  closure(name: string): Promise<string[]>
  /**
   * All that is installed where nothing is yet: what is essential (`Essential: yes`), these, and what they depend on, by name.
   */
  installation(names: readonly string[]): Promise<string[]>
  /** What would be downloaded for these names. */
  resolve(names: readonly string[]): Promise<Download[]>
  /** Downloads the packages' files into `folder`. */
  download(names: readonly string[], folder: string): Promise<void>
}

export interface Download {
  /** As apt names it: `NAME_VERSION_ARCHITECTURE.deb`, with ":" as "%3a". */
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

/** The guest's architecture: also what is asked for on a host with another one. */
const ARCHITECTURE = 'amd64'

export interface AptOptions extends RunOptions {
  /** A folder with lists of sources (sources.list(5)) to be used instead of all of the machine's. */
  readonly sources?: string
}

/** Fetches the lists into `folder`. Throws UserError PROGRAM_MISSING, NO_SPACE, IMAGE_BUILD_FAILED. */
export async function openApt(folder: string, { sources, ...options }: AptOptions): Promise<Apt> {
  const config = join(folder, 'apt.conf')
  await Promise.all(['lists/partial', 'cache/archives/partial'].map((name) => mkdir(join(folder, name), { recursive: true })))
  await writeFile(join(folder, 'status'), '')
  await writeFile(config, configuration(folder, sources))
  // A proxy, or a configuration that is not in /etc/apt, is in the environment.
  const env = { ...process.env, LC_ALL: 'C' }
  const apt = (program: string, args: readonly string[], cwd = folder): Promise<string> =>
    run(program, ['-q', '-c', config, ...args], { ...options, env, cwd }).then(({ stdout }) => stdout)

  // A source of somebody else's that fails does no harm as long as Debian's own answers.
  const updateFailure = await apt('apt-get', ['update']).then(() => undefined, rethrowUnlessApt)

  const ask = async (program: string, args: readonly string[]): Promise<string> => {
    try {
      return await apt(program, args)
    } catch (error) {
      throw updateFailure ? explain(updateFailure) : error
    }
  }

  return {
    async dependsOn(name) {
      const text = await ask('apt-cache', ['depends', '--important', name])
      return [...text.matchAll(/^ *\|?Depends: ([^<\s]+)$/gm)].map(([, found]) => found ?? '')
    },
    async closure(name) {
      const kinds = ['pre-depends', 'recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances']
      const text = await ask('apt-cache', ['depends', '--recurse', ...kinds.map((kind) => `--no-${kind}`), name])
      return text.split('\n').filter((line) => /^[a-z0-9]/.test(line))
    },
    async installation(names) {
      const text = await ask('apt-get', ['-o', 'APT::Install-Recommends=false', '--simulate', 'install', '?essential', ...names])
      return [...text.matchAll(/^Inst (\S+) /gm)].map(([, name = '']) => name)
    },
    async resolve(names) {
      const text = await ask('apt-get', ['-q', 'download', '--print-uris', ...names])
      return parseUris(text)
    },
    async download(names, into) {
      await apt('apt-get', ['download', ...names], into)
    },
  }
}

/** PURE: reads `apt-get --print-uris`: `'URI' FILE BYTES SHA256:HASH` a line. Throws where a hash is missing. */
export function parseUris(text: string): Download[] {
  return text.split('\n').filter((line) => line.startsWith("'")).map((line) => {
    const match = /^'[^']*' (\S+) (\d+) SHA256:([0-9a-f]{64})$/.exec(line.trim())
    if (!match) throw new UserError('IMAGE_BUILD_FAILED', `apt-get tells no SHA-256 hash: ${line}`)
    const [, file = '', bytes, sha256 = ''] = match
    return { file, bytes: Number(bytes), sha256 }
  })
}

function configuration(folder: string, sources: string | undefined): string {
  return [
    // What the machine hooks to an update, and lists but those of binary packages, are not for us.
    '#clear APT::Update;',
    '#clear DPkg;',
    // Without it an update that reached nobody is a success with warnings.
    'APT::Update::Error-Mode "any";',
    '#clear Acquire::IndexTargets;',
    'Acquire::IndexTargets::deb::Packages {',
    '  MetaKey "$(COMPONENT)/binary-$(ARCHITECTURE)/Packages";',
    '  flatMetaKey "Packages";',
    '  ShortDescription "Packages";',
    '  Description "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Packages";',
    '  Optional "0";',
    '};',
    'Acquire::Languages "none";',
    'Acquire::Retries "3";',
    '#clear APT::Architectures;',
    `APT::Architecture "${ARCHITECTURE}";`,
    `APT::Architectures { "${ARCHITECTURE}"; };`,
    // As root apt would become _apt, which may not enter our folder.
    'APT::Sandbox::User "";',
    `Dir::State "${folder}";`,
    `Dir::State::lists "${join(folder, 'lists')}";`,
    `Dir::State::status "${join(folder, 'status')}";`,
    `Dir::Cache "${join(folder, 'cache')}";`,
    `Dir::Cache::archives "${join(folder, 'cache', 'archives')}";`,
    `Dir::Log "${folder}";`,
    ...(sources === undefined ? [] : ['Dir::Etc::sourcelist "/dev/null";', `Dir::Etc::sourceparts "${sources}";`]),
    '',
  ].join('\n')
}

function rethrowUnlessApt(error: unknown): UserError {
  if (error instanceof UserError && error.data.name === 'IMAGE_BUILD_FAILED') return error
  throw error
}

function explain(cause: UserError): UserError {
  return new UserError('IMAGE_BUILD_FAILED', `The lists of Debian's packages could not be fetched: ${cause.message}`, {
    hint: 'Check the network and /etc/apt/sources.list.d; "sudo apt-get update" shows the same failure at more length',
    cause,
  })
}
