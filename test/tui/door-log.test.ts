import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { startFakeDaemon } from '../fakes/daemon.ts'
import { startOnTerminal } from './command-process.ts'
import { fetchFrom } from './http/open-door.ts'

t.test('a log that cannot be written ends nothing', async (t) => {
  const { directory } = await startFakeDaemon(t, { 'vm.list': () => ({ vms: [] }) })
  const { child, ended } = startOnTerminal(t, `exec $NODE $PROGRAM http --socket-dir '${directory}' 2>/dev/full`)
  const at = { socketPath: join(directory, 'http.sock') }
  const outcomes: unknown[] = []
  void ended.then((outcome) => outcomes.push(outcome))
  while (!existsSync(at.socketPath) && outcomes.length === 0) await delay(10)
  for (let i = 0; i < 3; i++) t.match(await fetchFrom(at, 'GET /v1/vm'), { status: 200 }, 'a disk that is full')
  child.kill('SIGKILL')
  while (existsSync(at.socketPath)) await delay(10)
})
