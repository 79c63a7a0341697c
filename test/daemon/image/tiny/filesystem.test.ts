import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeFilesystem } from '../../../../daemon/image/tiny/filesystem.ts'
import { completeTree } from '../../../../daemon/image/tiny/tree.ts'
import { childEnvironment } from '../../../../daemon/service/environment.ts'

const { signal } = new AbortController()
const TIME = 1_700_000_000

function execute(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { env: childEnvironment(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}

const entries = completeTree([
  { kind: 'folder', path: 'tmp', mode: 0o1777 },
  { kind: 'file', path: 'etc/deep/secret', mode: 0o600, data: Buffer.from('hidden') },
  { kind: 'file', path: 'bin/[', mode: 0o755, data: Buffer.alloc(500_000, 'x') },
  { kind: 'file', path: 'etc/empty', mode: 0o644, data: Buffer.alloc(0) },
  { kind: 'symlink', path: 'bin/sh', target: '[' },
])

async function make(folder: string): Promise<string> {
  const workFolder = join(folder, 'work folder')
  mkdirSync(workFolder, { recursive: true })
  const file = join(folder, 'fs')
  await makeFilesystem(entries, { file, bytes: 16 * 1_048_576, workFolder, time: TIME, signal })
  return file
}

t.test('the file system is sound, all is owned by root, and has its mode, time and content', async (t) => {
  const file = await make(t.testdir())
  execute('e2fsck', ['-fn', file])
  const ask = (request: string): string => execute('debugfs', ['-R', request, file])
  const modes = { '/': '0755', '/tmp': '01777', '/etc/deep': '0755', '/etc/deep/secret': '0600', '/bin/[': '0755', '/etc/empty': '0644' }
  for (const [path, mode] of Object.entries(modes)) {
    const text = ask(`stat "${path}"`)
    t.match(text, new RegExp(`Mode:\\s+${mode} `), path)
    t.match(text, /User:\s+0\s+Group:\s+0\s/, path)
    t.match(text, new RegExp(`mtime: 0x${TIME.toString(16)}`), path)
  }
  t.match(ask('stat /bin/sh'), /Type: symlink[^]*Fast link dest: "\["/)
  t.equal(ask('cat /etc/deep/secret'), 'hidden')
  t.equal(ask('cat "/bin/["').length, 500_000)
})

t.test('the same entries make the same bytes', async (t) => {
  const [one, two] = [await make(t.testdir({ one: {} })), await make(join(t.testdirName, 'one'))]
  t.ok(readFileSync(one).equals(readFileSync(two)))
})

t.test('entries that do not fit are an error, not a file system with less in it', async (t) => {
  const folder = t.testdir()
  const tooMuch = completeTree([{ kind: 'file', path: 'big', mode: 0o644, data: Buffer.alloc(20_000_000, 'x') }])
  const plan = { file: join(folder, 'fs'), bytes: 16 * 1_048_576, workFolder: folder, time: TIME, signal }
  await t.rejects(makeFilesystem(tooMuch, plan), { message: /debugfs/ })
})
