/** One end-to-end: a VM from the empty screen to the empty screen, by keys alone. */
import { writeFileSync } from 'node:fs'
import t from 'tap'
import { startTestDaemon } from './daemon.ts'
import { startTmux } from './screen/tmux.ts'
import { ensureTinyImage } from './tiny-image.ts'

const image = await ensureTinyImage()
const aetherscale = `${process.execPath} ${new URL('../../dist/aetherscale.js', import.meta.url).pathname}`

t.test('create a VM, see it run, use its console, leave, stop it, delete it', async (t) => {
  const daemon = await startTestDaemon(t)
  await daemon.client.call('image.import', { path: image, name: 'tiny', firstBoot: 'nocloud' })
  const screen = await startTmux(t, { env: { AETHERSCALE_SOCKET_DIR: daemon.sockets } })
  const transcript: string[] = []
  /** Waits for the screen, and keeps it for whoever wants to read how it went. */
  const sees = async (pattern: RegExp): Promise<void> => {
    transcript.push(await screen.sees(pattern))
  }

  await screen.type(`stty -g; ${aetherscale}; echo "status $?"; stty -g`)
  await screen.keys('Enter')
  await sees(/No VM yet: press c/)

  await screen.keys('c')
  await sees(/NAME|Name/)
  await screen.type('web')
  await screen.keys('C-s')
  await sees(/qemu-system/)
  await screen.keys('Enter')
  await sees(/web +running/)
  t.match((await daemon.client.call('vm.list', {})).vms, [{ name: 'web', state: 'running', image: 'tiny' }], 'the daemon has it')
  await sees(/web +running .*10\.0\.2\.15/)

  await screen.keys('Enter')
  await sees(/10\.0\.2\.15[^]*/)
  await screen.keys('t')
  await sees(/ctrl-\]/)
  await screen.keys('Enter')
  await screen.type('echo typed $((6 * 7))')
  await screen.keys('Enter')
  await sees(/^typed 42/m)
  await screen.keys('C-]')
  await sees(/VMs › web/)
  t.notMatch(screen.shows(), /typed 42/, 'the screen is the screen again')

  await screen.keys('Escape')
  await sees(/NAME/)
  await screen.keys('x')
  await sees(/Stop web\?/)
  await screen.keys('Enter')
  await sees(/web +running/)
  await screen.keys('x', 'Tab', 'Enter')
  await sees(/web +stopped/)
  t.match((await daemon.client.call('vm.list', {})).vms, [{ state: 'stopped' }], 'and only when it was meant')

  await screen.keys('d')
  await sees(/Type web to confirm/)
  await screen.keys('Enter')
  await screen.sees(/web +stopped/)
  await screen.keys('d')
  await screen.type('web')
  await screen.keys('Enter')
  await sees(/No VM yet/)
  t.same((await daemon.client.call('vm.list', {})).vms, [])

  await screen.keys('q')
  await sees(/status 0/)
  const [before, after] = screen.shows().match(/^[0-9a-f]+(?::[0-9a-f]+)+$/gm) ?? []
  t.ok(before !== undefined && before === after, 'the terminal is as it was')

  const file = process.env['AETHERSCALE_TRANSCRIPT']
  if (file !== undefined) writeFileSync(file, transcript.join(`${'='.repeat(80)}\n`))
})

t.test('the daemon goes and comes back: the screen says so, and goes on', async (t) => {
  const daemon = await startTestDaemon(t)
  await daemon.client.call('image.import', { path: image, name: 'tiny', firstBoot: 'nocloud' })
  const screen = await startTmux(t, { env: { AETHERSCALE_SOCKET_DIR: daemon.sockets } })
  await screen.type(aetherscale)
  await screen.keys('Enter')
  await screen.sees(/No VM yet/)
  await daemon.kill()
  await screen.sees(/no daemon is running/)
  await daemon.start()
  await screen.sees(/No VM yet/)
  await daemon.client.call('vm.create', { image: 'tiny', name: 'late', memoryMiB: 64, start: false })
  t.match(await screen.sees(/late +stopped/), /0 of 1 running/, 'what happens from then on is there')
})
