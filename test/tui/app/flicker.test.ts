import t from 'tap'
import { setTimeout as pause } from 'node:timers/promises'
import { startCrowd } from '../../fakes/start-crowd.ts'
import { aetherscaleFromSource, startOnPty } from '../pty.ts'

/** What erases more than a line (ECMA-48: ED), and what begins an alternate screen anew (xterm: DECSET 1049). */
const CLEARS = /\u001b\[[0-3]?J|\u001b\[\?1049[hl]/g
/** Each frame is written between these (synchronized output, DEC private mode 2026). */
const FRAMES = /\u001b\[\?2026h/g

t.test('a hundred updates, by VMs that change and by keys, without one clear of the screen', async (t) => {
  const directory = await startCrowd(t, 300, 50)
  const screen = await startOnPty(t, aetherscaleFromSource, { env: { AETHERSCALE_SOCKET_DIR: directory } })
  await screen.sees(/vm-0005/)
  const from = screen.output().length
  const written = (): string => screen.output().slice(from)
  const frames = (): number => written().match(FRAMES)?.length ?? 0
  for (let key = 0; key < 2000 && frames() < 100; key++) {
    screen.write(key % 40 < 30 ? 'j' : 'k')
    await pause(40)
  }
  t.ok(frames() >= 100, 'a frame for each key, as fast as they come')
  t.same(written().match(CLEARS), null, 'no clear')
  screen.write('\u0003')
  t.equal(await screen.ended, 0, 'ends by ctrl-c')
})

t.test('two thousand VMs: every key is answered, to the last row and back', async (t) => {
  const directory = await startCrowd(t, 2000, 0)
  const screen = await startOnPty(t, aetherscaleFromSource, { env: { AETHERSCALE_SOCKET_DIR: directory } })
  await screen.sees(/vm-0005/)
  screen.write('G')
  await screen.sees(/vm-1999/)
  screen.write('gg\u0004\u0004')
  await screen.sees(/vm-0018/)
  screen.write('/1234\r')
  await screen.sees(/vm-1234/)
  t.notMatch(screen.lines().join('\n'), /vm-0018/)
  screen.write('\u0003')
  t.equal(await screen.ended, 0)
})
