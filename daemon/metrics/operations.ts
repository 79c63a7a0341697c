/** Counts operations on VMs where each has its turn: what callers ask for, and what the daemon does by itself. */
import { Counter, Histogram, type Registry } from 'prom-client'
import { failureName } from '../rpc/failure.ts'
import type { Operation } from '../vm/state.ts'

export type OperationKind = Operation | 'create'

export interface OperationMeter {
  /** Answers and throws what `work` does, and counts it when it is over. */
  measure<T>(kind: OperationKind, work: () => Promise<T>): Promise<T>
}

/** All of them, so that each is there from the beginning: a rate needs a first value. */
const kinds: Readonly<Record<OperationKind, true>> = {
  create: true,
  start: true,
  stop: true,
  restart: true,
  delete: true,
  set: true,
  suspend: true,
  resume: true,
  resize: true,
  snapshot: true,
  restore: true,
  clone: true,
  export: true,
}

/** From the few milliseconds of a resume to a stop that waits for its guest, and a disk that is copied. */
const BUCKETS_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900]

export function createOperationMeter(registry: Registry): OperationMeter {
  const registers = [registry]
  const total = new Counter({
    name: 'aetherscale_operations_total',
    help: 'Operations on VMs that are over, by kind and outcome: ok, or the name of the error',
    labelNames: ['kind', 'outcome'] as const,
    registers,
  })
  const duration = new Histogram({
    name: 'aetherscale_operation_duration_seconds',
    help: "How long operations on VMs took from their turn in the VM's queue",
    labelNames: ['kind'] as const,
    buckets: BUCKETS_SECONDS,
    registers,
  })
  for (const kind of Object.keys(kinds)) total.inc({ kind, outcome: 'ok' }, 0)

  return {
    async measure(kind, work) {
      const begun = performance.now()
      let outcome = 'ok'
      try {
        return await work()
      } catch (error) {
        outcome = failureName(error)
        throw error
      } finally {
        total.inc({ kind, outcome })
        duration.observe({ kind }, (performance.now() - begun) / 1000)
      }
    },
  }
}
