/** Counts what the network helper decides, as it is told to subscribers. */
import { Counter, Histogram, type Registry } from 'prom-client'
import type { EventBus } from '../events.ts'

/** A request is one or more processes of ip(8), 4 ms each, and waits for others; a helper that is away is waited for. */
const BUCKETS_SECONDS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15]

export function countDecisions(registry: Registry, events: Pick<EventBus, 'on'>): void {
  const registers = [registry]
  const labelNames = ['operation', 'decision'] as const
  const total = new Counter({
    name: 'aetherscale_helper_decisions_total',
    help: 'What the network helper made of requests that were to change something; those that found all as it should be are not counted',
    labelNames,
    registers,
  })
  const duration = new Histogram({
    name: 'aetherscale_helper_decision_duration_seconds',
    help: 'How long these took, from asking to the answer',
    labelNames,
    buckets: BUCKETS_SECONDS,
    registers,
  })
  events.on((event) => {
    if (event.kind !== 'helper.decided') return
    const { operation, decision, durationMs } = event
    total.inc({ operation, decision })
    duration.observe({ operation, decision }, durationMs / 1000)
  })
}
