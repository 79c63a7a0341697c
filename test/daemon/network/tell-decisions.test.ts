import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Event } from '../../../policy/api/events.ts'
import { createEventBus } from '../../../daemon/events.ts'
import { createNetworkHelper, type NetworkHelper } from '../../../daemon/network/helper.ts'
import { tellDecisions } from '../../../daemon/network/tell-decisions.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { grantAll, HelperRefusal, startFakeHelper, type HelperAnswer } from '../../fakes/helper-server.ts'

const at = '2026-01-02T03:04:05.678Z'
const tap = { vm: 'adbvzwdf', nic: 0, attach: { network: 'lan', addresses: [] }, mac: '52:54:00:12:34:56' }
const prefix = 'fd5e:a1ce:0:1::/64'

async function setUp(t: Test, answer: HelperAnswer | undefined): Promise<{ helper: NetworkHelper; events: Event[] }> {
  const path = join(makeFolder(t), 's')
  if (answer) await startFakeHelper(t, path, answer)
  const bus = createEventBus(() => new Date(at))
  const events: Event[] = []
  bus.on((event) => events.push(event))
  const patience = { answerMs: 5000, restartMs: 100, absentMs: 20 }
  return { events, helper: tellDecisions(createNetworkHelper(path, patience), bus, (vm) => (vm === 'adbvzwdf' ? 'web' : undefined)) }
}

t.test('what was done is told, with what it was done to', async (t) => {
  const { helper, events } = await setUp(t, grantAll)
  t.same(await helper.call('tap.ensure', tap), { name: 'aet-adbvzwdf-0', changed: true }, 'the answer is passed on')
  await helper.call('tap.delete', { vm: 'bbbbbbbb', nic: 3 })
  await helper.call('bridge.ensure', { network: 'lan' })
  await helper.call('ra.set', { network: 'lan', prefix })
  await helper.call('tunnel.delete', { network: 'blue' })
  t.match(events[0], { kind: 'helper.decided', at, operation: 'tap.ensure', decision: 'granted', durationMs: Number })
  t.notOk('reason' in events[0]!)
  t.same(events.map((event) => event.kind === 'helper.decided' && `${event.operation} ${event.subject}`), [
    'tap.ensure web (adbvzwdf) nic 0',
    'tap.delete bbbbbbbb nic 3',
    'bridge.ensure lan',
    'ra.set lan',
    'tunnel.delete blue',
  ])
})

t.test('questions are not told, nor what was there already', async (t) => {
  const { helper, events } = await setUp(t, (request) => ({ ...grantAll(request), ...('network' in request.params && { changed: false }) }))
  await helper.call('policy.get', {})
  await helper.call('link.list', {})
  await helper.call('bridge.ensure', { network: 'lan' })
  t.same(events, [])
})

t.test('a refusal and a failure are told with their reason, and thrown as they were', async (t) => {
  const names = ['NET_DENIED', 'NET_QUOTA', 'NET_NOT_FOUND', 'NET_FAILED'] as const
  let next = 0
  const { helper, events } = await setUp(t, () => new HelperRefusal(names[next++]!, 'not so', 'a hint'))
  for (const name of names) await t.rejects(helper.call('tap.ensure', tap), { name: 'UserError', message: 'not so', data: { name, hint: 'a hint' } })
  t.match(events, [
    { decision: 'refused', reason: 'not so', subject: 'web (adbvzwdf) nic 0' },
    { decision: 'refused', reason: 'not so' },
    { decision: 'failed', reason: 'not so' },
    { decision: 'failed', reason: 'not so' },
  ])
})

t.test('so is that nobody answers, but not where a question was asked', async (t) => {
  const { helper, events } = await setUp(t, undefined)
  await t.rejects(helper.call('link.list', {}), { name: 'UserError', data: { name: 'NET_UNREACHABLE' } })
  t.same(events, [])
  await t.rejects(helper.call('bridge.delete', { network: 'lan' }), { name: 'UserError', data: { name: 'NET_UNREACHABLE' } })
  t.match(events, [{ operation: 'bridge.delete', subject: 'lan', decision: 'failed', reason: /there is no socket/ }])
})
