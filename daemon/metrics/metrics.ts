/** The daemon's numbers in Prometheus' text format. */
import { Gauge, Registry } from 'prom-client'
import type { Result } from '../../policy/api/index.ts'
import type { EventBus } from '../events.ts'
import { countDecisions } from './decisions.ts'
import { createOperationMeter, type OperationMeter } from './operations.ts'
import { observePresent, type Present } from './present.ts'

export interface Metrics {
  /** Counts the operations on VMs. */
  readonly meter: OperationMeter
  /** Has what `read` answers tell of these as well, as they are then. */
  observe(present: Present): void
  read(): Promise<Result<'system.metrics'>>
}

/** A registry of its own: of the process itself, systemd and the host's own exporter tell more. */
export function createMetrics(version: string, events: Pick<EventBus, 'on'>): Metrics {
  const registry = new Registry()
  const build = new Gauge({ name: 'aetherscale_build_info', help: 'Always 1; the version of the daemon', labelNames: ['version'] as const, registers: [registry] })
  build.set({ version }, 1)
  const meter = createOperationMeter(registry)
  countDecisions(registry, events)
  const refreshers: (() => void)[] = []
  return {
    meter,
    observe: (present) => void refreshers.push(observePresent(registry, present)),
    async read() {
      for (const refresh of refreshers) refresh()
      return { contentType: registry.contentType, text: await registry.metrics() }
    },
  }
}
