import { Registry } from 'prom-client'
import t from 'tap'
import { createEventBus } from '../../../daemon/events.ts'
import { countDecisions } from '../../../daemon/metrics/decisions.ts'
import { readSamples } from './read-samples.ts'

t.test('decisions of the helper are counted by operation, and how long they took', async (t) => {
  const registry = new Registry()
  const events = createEventBus()
  countDecisions(registry, events)
  const decided = { kind: 'helper.decided', operation: 'tap.ensure', subject: 'web (adbvzwdf) nic 0' } as const
  events.emit({ ...decided, decision: 'granted', durationMs: 4.5 })
  events.emit({ ...decided, decision: 'granted', durationMs: 40 })
  events.emit({ ...decided, decision: 'refused', reason: 'uid 7 is not in the allowlist', durationMs: 1 })
  events.emit({ kind: 'network.created', network: 'lan' as never })
  const text = await registry.metrics()
  const samples = readSamples(text)
  t.equal(samples.get('aetherscale_helper_decisions_total{operation="tap.ensure",decision="granted"}'), 2)
  t.equal(samples.get('aetherscale_helper_decisions_total{operation="tap.ensure",decision="refused"}'), 1)
  t.equal(samples.get('aetherscale_helper_decision_duration_seconds_sum{operation="tap.ensure",decision="granted"}'), 0.0445)
  t.equal(samples.get('aetherscale_helper_decision_duration_seconds_bucket{le="0.005",operation="tap.ensure",decision="granted"}'), 1)
  t.notMatch(text, /adbvzwdf|allowlist/, 'what differs each time is no label')
})
