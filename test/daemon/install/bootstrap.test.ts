import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Test } from 'tap'

const folder = fileURLToPath(new URL('../../../daemon/install/', import.meta.url))
/** No such program is anywhere. */
const absent = { program: 'aeth-none', package: 'aeth-none-package', arch: 'none', why: 'is not there', need: 'needed', groups: ['run'] }
const present = { ...absent, program: 'sh', package: 'dash', groups: ['test'] }
const lock = { packages: { '': {}, 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' }, 'node_modules/b': { version: '1.0.0', optional: true } } }
const installed = { packages: { 'node_modules/a': lock.packages['node_modules/a'] } }

interface Machine {
  readonly root: string
  readonly bin: string
  /** What the scripted apt-get and npm were called with, a line a call. */
  calls(): string
}

interface MachineOptions {
  /** What apt-get does, as a shell script; empty where there is none. */
  readonly apt?: string
  /** npm's record of what it installed; undefined where there is none. */
  readonly modules?: object | undefined
}

/** A checkout with a table of its own, and programs that only write down how they were called. */
function makeMachine(on: Test, { apt = 'exit 0', ...more }: MachineOptions = {}): Machine {
  const modules = 'modules' in more ? more.modules : installed
  const root = on.testdir({ 'package-lock.json': JSON.stringify(lock), bin: {}, node_modules: { '.bin': { node: '' } } })
  cpSync(folder, join(root, 'daemon/install'), { recursive: true })
  writeFileSync(join(root, 'daemon/install/programs.json'), JSON.stringify([absent, present]))
  if (modules) writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify(modules))
  const bin = join(root, 'bin')
  const script = (name: string, text: string) => {
    writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*" >>"${root}/calls"\n${text}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  if (apt) script('apt-get', apt.replaceAll('BIN', bin))
  script('npm', `printf '%s' '${JSON.stringify(installed)}' >"${root}/node_modules/.package-lock.json"`)
  symlinkSync('/bin/sh', join(bin, 'sh'))
  symlinkSync('/usr/bin/getent', join(bin, 'getent'))
  writeFileSync(join(root, 'calls'), '')
  return { root, bin, calls: () => readFileSync(join(root, 'calls'), 'utf8') }
}

function bootstrap(machine: Machine, groups: readonly string[], uid?: number) {
  const argv = [join(machine.root, 'daemon/install/bootstrap.mjs'), ...groups]
  return spawnSync(process.execPath, argv, {
    encoding: 'utf8',
    env: { PATH: machine.bin },
    ...(uid !== undefined && { uid, gid: uid }),
  })
}

const isRoot = process.getuid?.() === 0
const NOBODY = 65_534
const nobodyRunsNode = spawnSync(process.execPath, ['-e', '0'], { ...(isRoot && { uid: NOBODY, gid: NOBODY }) }).status === 0
const needsNobody = nobodyRunsNode ? {} : { skip: 'the checkout is closed to other users' }
const needsRoot = isRoot ? {} : { skip: 'needs root' }
const INSTALLS = 'test "$2" = update || { printf "#!/bin/sh\\n" >BIN/aeth-none; chmod 755 BIN/aeth-none; }'.replaceAll('chmod', '/bin/chmod')

t.test('where all is there, it says and does nothing', async (t) => {
  const machine = makeMachine(t)
  t.match(bootstrap(machine, ['test']), { status: 0, stdout: '', stderr: '' })
  t.equal(machine.calls(), '')
})

t.test('without groups, or with an unknown one, it tells which there are', async (t) => {
  const machine = makeMachine(t)
  t.match(bootstrap(machine, []), { status: 1, stderr: /Groups: run, test/ })
  t.match(bootstrap(machine, ['everything']), { status: 1, stderr: /Groups: run, test/ })
})

t.test('root gets the packages installed, and is told which and why', needsRoot, async (t) => {
  const machine = makeMachine(t, { apt: INSTALLS })
  const { status, stdout } = bootstrap(machine, ['run', 'test'])
  t.equal(status, 0)
  t.match(stdout, /aeth-none-package\s+is not there \(aeth-none\)/)
  t.notMatch(stdout, 'dash', 'what is there is not installed')
  t.match(machine.calls(), 'apt-get -qq install -y --no-install-recommends aeth-none-package\n')
})

t.test('a package that apt does not know makes it fetch new lists once', needsRoot, async (t) => {
  const machine = makeMachine(t, { apt: `if [ "$2" = install ] && ! [ -e BIN/fresh ]; then exit 100; fi; : >BIN/fresh\n${INSTALLS}` })
  t.match(bootstrap(machine, ['run']), { status: 0 })
  t.match(machine.calls(), /apt-get -qq update\napt-get -qq install -y --no-install-recommends aeth-none-package\n$/)
})

t.test('an installation that fails, or that does not bring the program, is an error', needsRoot, async (t) => {
  t.match(bootstrap(makeMachine(t, { apt: 'exit 100' }), ['run']), { status: 1, stderr: /apt-get \w+ failed/ })
  t.match(bootstrap(makeMachine(t, { apt: 'exit 0' }), ['run']), { status: 1, stderr: /still not found: aeth-none/ })
})

t.test('anyone else gets the one command to run, and nothing is installed', needsNobody, async (t) => {
  const machine = makeMachine(t)
  const { status, stderr } = bootstrap(machine, ['run'], isRoot ? NOBODY : undefined)
  t.equal(status, 1)
  t.match(stderr, /sudo apt-get install -y --no-install-recommends aeth-none-package/)
  t.equal(machine.calls(), '')
})

t.test('where there is no apt, the programs are named with the packages of others', async (t) => {
  const machine = makeMachine(t, { apt: '' })
  t.match(bootstrap(machine, ['run']), { status: 1, stderr: /aeth-none \(aeth-none-package in Debian, none in Arch\)/ })
})

t.test('node modules are installed where there are none, or others than the lock file says', async (t) => {
  const cases: [string, object | undefined][] = [
    ['there are none', undefined],
    ['node_modules/a is missing', { packages: {} }],
    ['node_modules/a is another version', { packages: { 'node_modules/a': { version: '0.9.0', integrity: 'sha512-a' } } }],
    ['node_modules/c is not in the lock file', { packages: { ...installed.packages, 'node_modules/c': {} } }],
  ]
  for (const [reason, modules] of cases) {
    const machine = makeMachine(t, { modules })
    t.match(bootstrap(machine, ['test']), { status: 0, stdout: `Installing node modules (${reason})` }, reason)
    t.match(machine.calls(), /^npm ci /, reason)
  }
})

t.test('with sudo, npm runs as the owner of the checkout', isRoot ? needsNobody : needsRoot, async (t) => {
  const machine = makeMachine(t, { modules: undefined })
  writeFileSync(join(machine.bin, 'npm'), `#!/bin/sh\n/usr/bin/id -u >"${machine.root}/calls"\n`)
  const owned = spawnSync('chown', ['-R', '65534:65534', machine.root])
  t.equal(owned.status, 0)
  const { stderr } = bootstrap(machine, ['test'])
  t.equal(machine.calls(), '65534\n', stderr)
})
