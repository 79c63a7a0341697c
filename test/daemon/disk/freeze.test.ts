import t from 'tap'
import { withFrozenGuest } from '../../../daemon/disk/freeze.ts'
import { createLog } from '../../../daemon/log.ts'
import { AgentAbsent, AgentError, AgentTimeout, type GuestAgent } from '../../../daemon/qemu/agent.ts'
import type { Entry } from '../../../daemon/vm/table.ts'

type Behaviour = (command: string) => unknown

/** Runs something that lasts for a moment, and answers in what order what was asked. */
async function order(behave: Behaviour, live: object | undefined = { agent: 'connected', paused: false }, work: () => unknown = () => 'done') {
  const asked: string[] = []
  const agent = {
    execute: async (command: string) => {
      asked.push(command.replace('guest-fsfreeze-', ''))
      return await Promise.resolve(behave(command))
    },
  } as unknown as GuestAgent
  const outcome = await withFrozenGuest({ agent: () => agent, log: createLog('silent') }, { id: 'x', live } as unknown as Entry, async () => {
    asked.push('work')
    return await Promise.resolve(work())
  }).catch((error: unknown) => error)
  return { asked: asked.join(' '), outcome }
}

const fail = (error: Error): never => {
  throw error
}
const atFreeze = (error: Error) => (command: string) => (command.endsWith('freeze') ? fail(error) : 1)

t.test('a guest that freezes is thawed when the work is over', async (t) => {
  t.match(await order(() => 2), { asked: 'freeze work thaw', outcome: { result: 'done', wasFrozen: true, mayStayFrozen: false } })
})

t.test('and where the work fails', async (t) => {
  const { asked, outcome } = await order(() => 2, { agent: 'connected', paused: false }, () => fail(new Error('no')))
  t.equal(asked, 'freeze work thaw')
  t.match(outcome, { message: 'no' })
})

t.test('one that does not say that it froze anything is not believed to be frozen, and is thawed all the same', async (t) => {
  for (const answer of [0, -1, 1.5, 'two', null, {}]) t.match(await order(() => answer), { asked: 'freeze work thaw', outcome: { wasFrozen: false } })
  for (const error of [new AgentTimeout('late'), new AgentError('guest-fsfreeze-freeze', 'GenericError', 'disabled')]) {
    t.match(await order(atFreeze(error)), { asked: 'freeze work thaw', outcome: { wasFrozen: false, mayStayFrozen: false } })
  }
})

t.test('where no agent answers, none is asked to thaw', async (t) => {
  t.match(await order(atFreeze(new AgentAbsent('none'))), { asked: 'freeze work', outcome: { wasFrozen: false, mayStayFrozen: false } })
})

t.test('a guest that cannot hear is not asked', async (t) => {
  for (const live of [{ agent: 'absent', paused: false }, { agent: 'connected', paused: true }]) {
    t.match(await order(() => 2, live), { asked: 'work', outcome: { wasFrozen: false, mayStayFrozen: false } })
  }
})

t.test('a guest that does not thaw is asked three times, and whoever took the snapshot is told', async (t) => {
  const { asked, outcome } = await order((command) => (command.endsWith('thaw') ? fail(new AgentTimeout('late')) : 1))
  t.equal(asked, 'freeze work thaw thaw thaw')
  t.match(outcome, { result: 'done', wasFrozen: true, mayStayFrozen: true })
})
