import t, { type Test } from 'tap'
import { FakeError, startFakeDaemon, type FakeDaemon, type FakeRequest } from '../../../fakes/daemon.ts'
import { run, startOnTerminal } from '../../command-process.ts'
import { aetherscaleFromSource, startOnPty } from '../../pty.ts'

/** A guest that greets and gives back each key in angle brackets; `q` ends the VM. */
function echoingGuest({ socket }: FakeRequest): object {
  socket.removeAllListeners('data')
  socket.on('data', (keys) => {
    if (keys.includes('q')) socket.end('bye')
    else socket.write(`<${keys.toString()}>`)
  })
  setImmediate(() => socket.write('login: '))
  return { vm: 'adbvzwdf' }
}

const startGuest = (t: Test): Promise<FakeDaemon> => startFakeDaemon(t, { 'vm.console': echoingGuest })
const showMode = 'echo "status=$?"; stty -a | tr " ;" "\\n\\n" | grep -E "^-?(icanon|echo|isig)$" | tr "\\n" " "; echo done'
const lineMode = /(^|\s)isig icanon echo done/

t.test('on a terminal, keys go to the guest until ctrl-], and the terminal is as it was', async (t) => {
  const typed: string[] = []
  const { socket } = await startFakeDaemon(t, {
    'vm.console': (request) => {
      const answer = echoingGuest(request)
      request.socket.on('data', (keys) => typed.push(keys.toString()))
      return answer
    },
  })
  const terminal = startOnTerminal(t, `"$NODE" "$PROGRAM" --socket ${socket} vm console web; ${showMode}`)
  await terminal.sees('connected to web; leave with ctrl-]')
  await terminal.sees('login: ')
  terminal.child.stdin.write('\u0003')
  await terminal.sees('<\u0003>')
  terminal.child.stdin.write('x\u001d')
  await terminal.sees('done')
  terminal.child.stdin.end()
  const { stdout } = await terminal.ended
  t.equal(typed.join(''), '\u0003x', 'keys that come in one piece with ctrl-] still arrive')
  t.match(stdout, 'left web')
  t.match(stdout, 'status=0')
  t.match(stdout, lineMode)
})

t.test('whatever modes the guest has set, the terminal is an ordinary one again; also one that knows no soft reset', async (t) => {
  const { socket } = await startFakeDaemon(t, {
    'vm.console': ({ socket: console }) => {
      console.removeAllListeners('data')
      // colours, line drawing, margins, insert, cursor keys, mouse, paste, no wrapping, no cursor, keypad; then a title without an end
      setImmediate(() => console.write('guest\u001b[41m\u001b(0\u001b[5;10r\u001b[9;1H\u001b[4h\u001b[?1;1003;1006;2004h\u001b[?7l\u001b[?25l\u001b=ready\u001b]0;mine'))
      return { vm: 'adbvzwdf' }
    },
  })
  const { terminal, write, sees, ended } = await startOnPty(t, [...aetherscaleFromSource, '--socket', socket, 'vm', 'console', 'web'])
  terminal.parser.registerCsiHandler({ intermediates: '!', final: 'p' }, () => true)
  await sees(/guest/)
  write('\u001d')
  await sees(/left web/)
  await ended
  const row = terminal.buffer.active.baseY + terminal.buffer.active.cursorY
  const cell = terminal.buffer.active.getLine(row - 1)?.getCell(0)
  t.equal(cell?.getChars(), 'l', 'letters are letters')
  t.equal(cell?.isBgDefault(), true)
  const { modes } = terminal
  t.match(modes, { applicationCursorKeysMode: false, applicationKeypadMode: false, bracketedPasteMode: false, insertMode: false, mouseTrackingMode: 'none', originMode: false, wraparoundMode: true })
  await new Promise<void>((done) => terminal.write(`\u001b[24;1Hlast\n`, done))
  t.match(terminal.buffer.active.getLine(terminal.buffer.active.baseY + 22)?.translateToString(true), /^last/, 'all lines scroll')
})

t.test('a signal gives the terminal back before it ends the program', async (t) => {
  const { socket } = await startGuest(t)
  const inner = `echo "pid=$$."; exec "$NODE" "$PROGRAM" --socket ${socket} vm console web`
  const terminal = startOnTerminal(t, `sh -c '${inner}'; ${showMode}`)
  await terminal.sees('login: ')
  terminal.child.stdin.write('x')
  await terminal.sees('<x>')
  process.kill(Number(/pid=(\d+)\./.exec(terminal.shown())?.[1]), 'SIGTERM')
  await terminal.sees('done')
  terminal.child.stdin.end()
  const { stdout } = await terminal.ended
  t.match(stdout, 'status=143')
  t.match(stdout, lineMode)
})

t.test('the end of the VM ends the console, and the terminal is as it was', async (t) => {
  const { socket } = await startGuest(t)
  const terminal = startOnTerminal(t, `"$NODE" "$PROGRAM" --socket ${socket} vm console web; ${showMode}`)
  await terminal.sees('login: ')
  terminal.child.stdin.write('q')
  await terminal.sees('done')
  terminal.child.stdin.end()
  const { stdout } = await terminal.ended
  t.match(stdout, /bye[^]*the console of web ended[^]*status=0/)
  t.match(stdout, lineMode)
})

t.test('on pipes, all of stdin reaches the guest and its answer is printed after stdin has ended', async (t) => {
  const { socket } = await startGuest(t)
  const { status, stdout, stderr } = await run(t, ['--socket', socket, 'vm', 'console', 'web'], { input: 'uptime\n' })
  t.equal(status, 0)
  t.equal(stdout, 'login: <uptime\n>')
  t.equal(stderr, 'connected to web\n')
})

t.test('a VM that does not run has no console', async (t) => {
  const error = new FakeError(1003, 'web is stopped', { name: 'VM_NOT_RUNNING', hint: 'start it: aetherscale vm start web' })
  const { socket } = await startFakeDaemon(t, { 'vm.console': () => error })
  const { status, stderr } = await run(t, ['--socket', socket, 'vm', 'console', 'web'])
  t.equal(status, 6)
  t.equal(stderr, 'aetherscale: web is stopped\n  start it: aetherscale vm start web\n')
})
