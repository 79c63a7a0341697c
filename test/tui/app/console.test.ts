import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { startFakeDaemon } from '../../fakes/daemon.ts'
import { makeVms } from '../../inputs/vms.ts'
import { aetherscaleFromSource, startOnPty } from '../pty.ts'

/** Gives up after half a minute: what was typed went elsewhere. */
async function until(isSo: () => boolean): Promise<void> {
  for (let waited = 0; waited < 30_000 && !isSo(); waited += 5) await pause(5)
}

t.test('what is typed into a console comes there, all of it, and not to the screen behind it', async (t) => {
  const vms = makeVms(2)
  let typed = ''
  const daemon = await startFakeDaemon(t, {
    'system.info': () => ({ version: '0', access: 'control', hostname: 'host-a', pid: 1, uid: 0, startedAt: new Date().toISOString(), serviceManager: 'embedded', folders: {}, vms: 2 }),
    'events.subscribe': () => ({ kinds: [] }),
    'vm.list': () => ({ vms }),
    'stats.subscribe': () => ({}),
    'stats.unsubscribe': () => ({}),
    'vm.console': ({ socket, params }) => {
      socket.on('data', (chunk: Buffer) => {
        typed += chunk.toString()
        socket.write(chunk)
      })
      return { vm: params['vm'] }
    },
  })
  const screen = await startOnPty(t, aetherscaleFromSource, { env: { AETHERSCALE_SOCKET_DIR: daemon.directory } })
  await screen.sees(/vm-0001/)
  screen.write('j\r')
  await screen.sees(/VMs › vm-0001/)
  const keys = 'every key x of these 1 2 3 4 5 ? : / comes d there q q q'
  for (const round of ['first', 'second']) {
    typed = ''
    screen.write('t')
    await screen.sees(/leave with ctrl-\]/)
    // One after the other, as people type: what comes in one piece is read by one of those who read.
    for (const [at, key] of [...keys].entries()) {
      screen.write(key)
      await until(() => typed.length > at)
    }
    t.equal(typed, keys, `the ${round} time`)
    screen.write('\u001d')
    await screen.sees(/VMs › vm-0001 /)
    await screen.sees(/Restart +on-failure/)
    t.match(screen.lines().join('\n'), /Restart +on-failure/, 'and one is where one was')
  }
  screen.write('\u001b')
  await screen.sees(/vm-0000/)
  screen.write('q')
  t.equal(await screen.ended, 0)
})
