import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../daemon/config.ts'

const env = { HOME: '/nonexistent/home', XDG_RUNTIME_DIR: '/run/user/1000' }

t.test('the usual folders are those of the XDG base directories', (t) => {
  t.same(loadConfig(env), {
    folders: {
      images: '/nonexistent/home/.local/share/aetherscale/images',
      disks: '/nonexistent/home/.local/share/aetherscale/disks',
      config: '/nonexistent/home/.config/aetherscale',
      sockets: '/run/user/1000/aetherscale',
      runtime: '/run/user/1000/aetherscale',
      logs: '/nonexistent/home/.local/state/aetherscale',
    },
    isImageFolderChosen: false,
    cacheFolder: '/nonexistent/home/.cache/aetherscale',
    logLevel: 'info',
    accel: 'auto',
    controlGroup: undefined,
    observeGroup: undefined,
    serviceManager: 'embedded',
    userManager: { runtime: '/run/user/1000', units: '/nonexistent/home/.config/systemd/user' },
    helperSocket: `/run/aetherscale-net/${process.getuid?.() ?? 0}.sock`,
  })
  t.end()
})

t.test('the environment of the first program is understood', (t) => {
  const config = loadConfig({ ...env, BASE_IMAGE_FOLDER: '/b', USER_IMAGE_FOLDER: '/u', CONFIG_DIR: '/nonexistent/c', LOG_LEVEL: 'DEBUG' })
  t.match(config.folders, { images: '/b', disks: '/u', config: '/nonexistent/c' })
  t.equal(config.logLevel, 'debug')
  t.ok(config.isImageFolderChosen)
  t.end()
})

t.test('daemon.json is read, and the environment goes before it', (t) => {
  const folder = t.testdir({ 'daemon.json': JSON.stringify({ accel: 'tcg', logLevel: 'warn' }) })
  const config = loadConfig({ ...env, CONFIG_DIR: folder, LOG_LEVEL: 'error' })
  t.match(config, { accel: 'tcg', logLevel: 'error' })
  t.end()
})

t.test('where the network helper listens can be said', (t) => {
  const folder = t.testdir({ 'daemon.json': JSON.stringify({ helperSocket: '/run/a.sock' }) })
  t.equal(loadConfig({ ...env, CONFIG_DIR: folder }).helperSocket, '/run/a.sock')
  t.equal(loadConfig({ ...env, CONFIG_DIR: folder, AETHERSCALE_HELPER_SOCKET: '/run/b.sock' }).helperSocket, '/run/b.sock')
  const long = { ...env, AETHERSCALE_HELPER_SOCKET: `/${'x'.repeat(107)}` }
  t.equal(loadConfig(env, '/root-of-it').helperSocket, '/root-of-it/run/helper.sock', "a daemon apart leaves the user's links alone")
  t.match(t.throws(() => loadConfig(long)), { data: { name: 'PATH_TOO_LONG', field: 'helperSocket' } })
  t.end()
})

t.test('--root puts every folder below it', (t) => {
  // Not below the checkout: a socket's path has to be short.
  const root = mkdtempSync(join(tmpdir(), 'aetherscale-'))
  t.teardown(() => {
    rmSync(root, { recursive: true })
  })
  mkdirSync(join(root, 'config'))
  writeFileSync(join(root, 'config', 'daemon.json'), JSON.stringify({ accel: 'kvm' }))
  const config = loadConfig({ ...env, BASE_IMAGE_FOLDER: '/b', AETHERSCALE_SOCKET_DIR: '/s' }, root)
  for (const folder of [...Object.values({ ...config.folders }), config.cacheFolder]) t.ok(folder.startsWith(join(root, '/')), folder)
  t.equal(config.accel, 'kvm')
  t.end()
})

const bad: readonly [string, object, object][] = [
  ['a field that there is not', { nonsense: 1 }, { message: /nonsense/ }],
  ['a relative folder', { images: 'images' }, { data: { field: 'images' } }],
  ['a level that there is not', { logLevel: 'loud' }, { data: { field: 'logLevel' } }],
  ['a relative socket', { helperSocket: 'a.sock' }, { data: { field: 'helperSocket' } }],
  ['a group that is no name', { controlGroup: 'a b' }, { data: { field: 'controlGroup' } }],
]
for (const [sentence, content, error] of bad) {
  t.test(`${sentence} in daemon.json is refused by name`, (t) => {
    const folder = t.testdir({ 'daemon.json': JSON.stringify(content) })
    t.match(t.throws(() => loadConfig({ ...env, CONFIG_DIR: folder })), { data: { name: 'INVALID_PARAMS' }, ...error })
    t.end()
  })
}

t.test('a daemon.json that is not JSON is refused', (t) => {
  const folder = t.testdir({ 'daemon.json': '{' })
  t.match(t.throws(() => loadConfig({ ...env, CONFIG_DIR: folder })), { data: { name: 'INVALID_PARAMS' }, message: /not JSON/ })
  t.end()
})

t.test('an empty variable counts as none, and a runtime folder that is chosen needs no usual one', (t) => {
  const config = loadConfig({ HOME: '/nonexistent/home', XDG_RUNTIME_DIR: '', CONFIG_DIR: '', AETHERSCALE_SOCKET_DIR: '/run/x' })
  t.match(config.folders, { runtime: '/run/x', config: '/nonexistent/home/.config/aetherscale' })
  const folder = t.testdir({ 'daemon.json': JSON.stringify({ runtime: '/run/y' }) })
  t.equal(loadConfig({ HOME: '/nonexistent', CONFIG_DIR: folder }).folders.runtime, '/run/y')
  t.match(t.throws(() => loadConfig({ ...env, CONFIG_DIR: 'relative' })), { data: { field: 'CONFIG_DIR' } })
  t.end()
})

t.test('without a runtime folder, or with one too long for a socket, the error says what to set', (t) => {
  t.match(t.throws(() => loadConfig({ HOME: '/nonexistent' })), { message: /XDG_RUNTIME_DIR nor AETHERSCALE_SOCKET_DIR/ })
  t.match(t.throws(() => loadConfig({ ...env, AETHERSCALE_SOCKET_DIR: `/${'x'.repeat(90)}` })), { data: { name: 'PATH_TOO_LONG' } })
  t.end()
})
