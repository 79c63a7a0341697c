import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { setupProgram, spellOptions } from '../../../../tui/cli/commands/setup.ts'
import { derivedCommands } from '../../../../tui/cli/command-table.ts'
import type { Io } from '../../../../tui/cli/io.ts'
import { completeCommands } from '../../../../tui/cli/own-commands.ts'
import { parseInvocation } from '../../../../tui/cli/parse.ts'
import { runCli } from '../../../../tui/cli/run.ts'
import { readOptions } from '../../../../daemon/install/setup/options.ts'
import { makeTestDirectory } from '../../../fakes/daemon.ts'

/** Runs setup of a program in a directory of its own, beside which `aetherscale-setup.js` is this text. */
async function hand(t: Test, text: string, argv: readonly string[]): Promise<number> {
  const directory = await makeTestDirectory(t)
  await mkdir(join(directory, 'run'))
  await writeFile(join(directory, 'aetherscale-setup.js'), text)
  const program = pathToFileURL(join(directory, 'aetherscale.js')).href
  const io = { stdout: new PassThrough(), stderr: new PassThrough(), stdin: new PassThrough(), env: { PATH: process.env['PATH'] }, cwd: '/', program } as unknown as Io
  return await runCli(['setup', ...argv], io)
}

t.test('the program beside ours gets the options as they are meant, and its status is ours', async (t) => {
  const expected = JSON.stringify(['--bridge=br0', '--bridge=br1', '--yes'])
  const script = `process.exitCode = JSON.stringify(process.argv.slice(2)) === ${JSON.stringify(expected)} ? 5 : 9`
  t.equal(await hand(t, script, ['--yes', '--bridge', 'br0', '--bridge', 'br1']), 5)
  t.equal(await hand(t, 'process.kill(process.pid, "SIGTERM")', []), 143)
})

t.test('what the command line takes, the program takes', async (t) => {
  const { commands } = completeCommands(derivedCommands)
  const line = ['setup', '--prefix', 'fd00::/48', '--create-bridge', 'br0', '--uplink', 'eth0', '--member', 'a', '--observer', 'b', '--dry-run']
  const invocation = parseInvocation(line, commands, { cwd: () => '/', readFile: () => new Uint8Array() })
  if (invocation.kind !== 'command') throw new Error(invocation.kind)
  t.match(readOptions(spellOptions(invocation.command.options, invocation.requests[0]!)), {
    prefix: 'fd00::/48', createBridge: { bridge: 'br0', uplink: 'eth0' }, members: ['a'], observers: ['b'], dryRun: true,
  })
  const command = commands.find(({ words }) => words[0] === 'setup')
  for (const { flag } of command?.options ?? []) {
    t.doesNotThrow(() => {
      try {
        readOptions([`--${flag}`, 'eth9'])
      } catch (error) {
        if (String((error as Error).message).includes('Unknown option')) throw error
      }
    }, flag)
  }
})

t.test('the program is beside the bundle, or in the sources', async (t) => {
  t.equal(setupProgram('file:///opt/dist/aetherscale.js'), '/opt/dist/aetherscale-setup.js')
  t.equal(setupProgram('file:///src/tui/main.ts'), '/src/daemon/install/setup/main.ts')
})
