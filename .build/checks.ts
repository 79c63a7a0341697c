/** The checks besides the tests; each counts like one test. */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { inspectFiles } from './hygiene.ts'
import { findCycles, findForbiddenImports } from './imports/rules.ts'
import { scanImports } from './imports/scan.ts'
import { findMachineTraces } from './machine-traces.ts'
import type { Outcome } from './tests/outcome.ts'
import type { Job } from './tests/run-all.ts'

interface CheckOptions {
  readonly root: string
  readonly signal: AbortSignal
  readonly onCheck: (name: string, outcomes: readonly Outcome[], ms: number) => void
}

/** Those that take seconds; what is bundled lies in dist/ for the tests. */
export async function runQuickChecks(options: CheckOptions): Promise<Outcome[]> {
  const { root } = options
  return await Promise.all([
    check('generated files', options, () => runProgram(['.build/generate.ts', '--check'], options)),
    check('imports', options, () => checkImports(root)),
    check('hygiene', options, () => checkHygiene(root)),
    check('bundles', options, () => runProgram(['.build/bundle.ts'], options)),
  ])
}

/** Those that keep a core busy for as long as many a test: they run beside the tests. */
export function describeSlowChecks(options: CheckOptions): Job[] {
  // from nothing each time: what is remembered may belong to another user, or to another time
  const tsc = ['node_modules/typescript-native/bin/tsc', '--incremental', 'false', '--tsBuildInfoFile', 'null']
  // each more of them would find out again what the types are that all files share
  const types = [...tsc, '--checkers', '1', '-p', '.']
  const lint = ['node_modules/eslint/bin/eslint.js', '--flag', 'unstable_native_nodejs_ts_config', '--max-warnings', '0', '.']
  return [
    { name: 'types', weight: { seconds: 6, cores: 1 }, run: () => check('types', options, () => runProgram(types, options)) },
    { name: 'lint', weight: { seconds: 35, cores: 1 }, run: () => check('lint', options, () => runProgram(lint, options)) },
  ]
}

async function check(name: string, { onCheck }: CheckOptions, run: () => Promise<string | undefined>): Promise<Outcome> {
  const began = performance.now()
  const detail = await run()
  const outcome: Outcome = detail === undefined ? pass(name) : { file: name, name: '', result: 'failed', detail }
  onCheck(name, [outcome], performance.now() - began)
  return outcome
}

function pass(file: string): Outcome {
  return { file, name: '', result: 'passed' }
}

/** What a program of Node printed if it failed. */
async function runProgram(argv: readonly string[], { root, signal }: CheckOptions): Promise<string | undefined> {
  const child = spawn(process.execPath, argv, { cwd: root, signal, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<string | undefined>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, by) => resolve(code === 0 ? undefined : `ended with ${by ?? code}`))
  })
  const [out, err, trouble] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return trouble && `${out}${err}`.trim().concat(`\n${trouble}`)
}

async function checkImports(root: string): Promise<string | undefined> {
  const paths = (await listTracked(root)).filter((path) => /\.tsx?$/.test(path))
  const scanned = paths.map(async (path) => [path, scanImports(path, await readFile(join(root, path), 'utf8'))] as const)
  const graph = new Map(await Promise.all(scanned))
  return complain([...findForbiddenImports(graph), ...findCycles(graph).map((cycle) => `import cycle: ${cycle}`)])
}

async function checkHygiene(root: string): Promise<string | undefined> {
  const paths = await listTracked(root)
  const files = await Promise.all(
    paths.map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') })),
  )
  const { complaints, warnings } = inspectFiles(files, await findMachineTraces(root))
  for (const warning of warnings) console.log(`note  ${warning}`)
  return complain(complaints)
}

function complain(complaints: readonly string[]): string | undefined {
  return complaints.length > 0 ? complaints.join('\n') : undefined
}

/** Files that are in git, or would be if they were added; those just deleted are left out. */
async function listTracked(root: string): Promise<string[]> {
  // the checkout may belong to the user who called sudo
  const child = spawn('git', ['-c', 'safe.directory=*', 'ls-files', '-z', '-t', '-c', '-o', '-d', '--exclude-standard'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const failed = new Promise<string>((_, reject) => child.on('error', reject))
  const entries = (await Promise.race([text(child.stdout), failed])).split('\0').filter((entry) => entry !== '')
  const gone = new Set(entries.filter((entry) => entry.startsWith('R ')).map((entry) => entry.slice(2)))
  const paths = new Set(entries.map((entry) => entry.slice(2)).filter((path) => !gone.has(path)))
  if (paths.size === 0) throw new Error('git lists no files: the checks want a git checkout')
  return [...paths]
}
