import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { Registry } from 'prom-client'
import t from 'tap'
import { createOperationMeter } from '../../../daemon/metrics/operations.ts'
import { UserError } from '../../../policy/errors.ts'
import { readSamples } from './read-samples.ts'

t.test('an operation is counted when it is over, by what became of it', async (t) => {
  const registry = new Registry()
  const { measure } = createOperationMeter(registry)
  const count = async (kind: string, outcome: string) => readSamples(await registry.metrics()).get(`aetherscale_operations_total{kind="${kind}",outcome="${outcome}"}`)
  t.equal(await count('start', 'ok'), 0, 'it is there before the first')

  const running = measure('start', async () => await delay(20, 'started'))
  t.equal(await count('start', 'ok'), 0)
  t.equal(await running, 'started')
  t.equal(await count('start', 'ok'), 1)

  const refusal = new UserError('VM_DISK_MISSING', 'no disk')
  await t.rejects(measure('start', () => Promise.reject(refusal)), refusal)
  t.equal(await count('start', 'VM_DISK_MISSING'), 1)
  await t.rejects(measure('export', async () => await readFile('/no/such/file')), { code: 'ENOENT' })
  t.equal(await count('export', 'HOST_IO'), 1, 'under the name that the caller sees')
  await t.rejects(measure('export', () => Promise.reject(new TypeError('a defect'))), { name: 'TypeError' })
  t.equal(await count('export', 'INTERNAL'), 1)
})

t.test('how long operations took is told by kind', async (t) => {
  const registry = new Registry()
  const { measure } = createOperationMeter(registry)
  await measure('stop', async () => await delay(60))
  const samples = readSamples(await registry.metrics())
  const of = (what: string): number => samples.get(`aetherscale_operation_duration_seconds_${what}`) ?? Number.NaN
  t.equal(of('count{kind="stop"}'), 1)
  t.ok(of('sum{kind="stop"}') >= 0.05)
  t.equal(of('bucket{le="0.025",kind="stop"}'), 0)
  t.equal(of('bucket{le="+Inf",kind="stop"}'), 1)
})
