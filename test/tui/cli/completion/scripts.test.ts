/** The scripts in the shells themselves. */
import { execFile, spawnSync } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { renderScript } from '../../../../tui/cli/completion/scripts.ts'
import { makeTestDirectory, startFakeDaemon } from '../../../fakes/daemon.ts'

const program = fileURLToPath(new URL('../../../../tui/main.ts', import.meta.url))
const has = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0
const unless = (shell: string) => (has(shell) ? {} : { skip: `${shell} is not installed` })

/** A directory with `aetherscale` in it, for PATH. */
async function installProgram(t: Test): Promise<string> {
  const directory = await makeTestDirectory(t)
  const path = join(directory, 'aetherscale')
  await writeFile(path, `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`)
  await chmod(path, 0o755)
  return directory
}

/** What bash would offer, one candidate a line, for words of which the last is being typed. */
async function askBash(t: Test, words: readonly string[], socketDirectory: string): Promise<string> {
  const bin = await installProgram(t)
  const script = `${renderScript('bash').join('\n')}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _aetherscale; printf '%s\\n' "\${COMPREPLY[@]}"`
  const env = { PATH: `${bin}:${process.env['PATH']}`, AETHERSCALE_SOCKET_DIR: socketDirectory, HOME: bin }
  const { stdout, stderr } = await promisify(execFile)('bash', ['--norc', '-c', script, 'bash', 'aetherscale', ...words], { env, cwd: bin })
  t.equal(stderr, '')
  return stdout.trim().split('\n').sort().join(' ')
}

t.test('bash offers commands, options, values, files and the names of VMs', async (t) => {
  const vms = [{ id: 'adbvzwdf', name: 'web', state: 'running' }, { id: 'bbbbbbbb', state: 'stopped' }]
  const { directory } = await startFakeDaemon(t, { 'vm.list': () => ({ vms }) }, { names: ['observe.sock'] })
  const cases: readonly (readonly [words: readonly string[], offered: string])[] = [
    [['vm', 'st'], 'start stats stop'],
    [['vm', 'stop', '--f'], '--force'],
    [['vm', 'wait', 'web', '--for', '=', 'ag'], 'agent'],
    [['vm', 'wait', 'web', '--for', '='], 'agent init running stopped'],
    [['vm', 'stop', ''], 'bbbbbbbb web'],
    [['vm', 'stop', 'web', ''], 'bbbbbbbb'],
    [['image', 'import', 'aether'], 'aetherscale'],
  ]
  for (const [words, offered] of cases) {
    t.test(words.join(' '), async (t) => t.equal(await askBash(t, words, directory), offered))
  }
})

t.test('without a daemon there are no names and no noise', async (t) => {
  t.equal(await askBash(t, ['vm', 'stop', ''], await makeTestDirectory(t)), '')
})

t.test('a daemon that does not answer is not waited for', async (t) => {
  const { directory } = await startFakeDaemon(t, { 'vm.list': () => new Promise(() => {}) })
  t.equal(await askBash(t, ['vm', 'stop', ''], directory), '')
})

t.test('the scripts are in the language of their shells', async (t) => {
  for (const [shell, check] of [['bash', '-n'], ['zsh', '-n'], ['fish', '--no-execute']] as const) {
    t.test(shell, unless(shell), async (t) => {
      const path = join(await makeTestDirectory(t), 'script')
      await writeFile(path, renderScript(shell).join('\n'))
      const { status, stderr } = spawnSync(shell, [check, path], { encoding: 'utf8' })
      t.strictSame([status, stderr], [0, ''])
    })
  }
})

t.test('fish offers commands with their descriptions', unless('fish'), async (t) => {
  const bin = await installProgram(t)
  const env = { PATH: `${bin}:${process.env['PATH']}`, HOME: bin, AETHERSCALE_SOCKET_DIR: bin }
  const script = `aetherscale completion fish | source; complete -C 'aetherscale vm sto'`
  const { stdout } = await promisify(execFile)('fish', ['--no-config', '-c', script], { env })
  t.match(stdout, /^stop\tStop a VM/)
})
