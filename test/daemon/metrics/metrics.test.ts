import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { createEventBus } from '../../../daemon/events.ts'
import { createMetrics } from '../../../daemon/metrics/metrics.ts'
import { createObserver } from '../../../daemon/stats/look.ts'
import { createQueues } from '../../../daemon/vm/queue.ts'
import type { Entry } from '../../../daemon/vm/table.ts'
import { VmState } from '../../../policy/api/vm.ts'
import { createGate } from '../rpc/harness.ts'
import { ASLEEP, BUSY, setScene } from '../stats/scene.ts'
import { readSamples } from './read-samples.ts'

t.test('what is now is looked at when it is asked for', async (t) => {
  const { table, run } = await setScene(t)
  const queues = createQueues<Entry>()
  const connections: { access: 'control' | 'observe' }[] = []
  const metrics = createMetrics('1.2.3', createEventBus())
  metrics.observe({ table, observer: createObserver(table), queues, connections })
  const read = async () => readSamples((await metrics.read()).text)

  const empty = await read()
  for (const state of VmState.options) t.equal(empty.get(`aetherscale_vms{state="${state}"}`), 0, `${state} is told also of no VM`)
  t.equal(empty.get('aetherscale_build_info{version="1.2.3"}'), 1)
  t.equal(empty.get('aetherscale_rpc_connections{access="control"}'), 0)

  const busy = await run('aaaaaaaa', BUSY, 'one')
  const asleep = await run('bbbbbbbb', ASLEEP)
  for (const entry of [busy, asleep]) table.changed(entry)
  const gate = createGate()
  let begun = 0
  const tasks = [busy, busy, busy, asleep].map((entry) =>
    queues.run(entry, async () => {
      begun += 1
      await gate.promise
    }))
  connections.push({ access: 'observe' }, { access: 'observe' }, { access: 'control' })
  while (begun < 2) await delay(1)
  let seen = await read()
  while ((seen.get('aetherscale_vm_cpu_seconds_total{vm="aaaaaaaa",name="one"}') ?? 0) < 0.05) seen = await read()
  t.equal(seen.get('aetherscale_vms{state="running"}'), 2)
  t.equal(seen.get('aetherscale_queued_operations{state="running"}'), 2)
  t.equal(seen.get('aetherscale_queued_operations{state="waiting"}'), 2)
  t.equal(seen.get('aetherscale_rpc_connections{access="observe"}'), 2)
  t.equal(seen.get('aetherscale_rpc_connections{access="control"}'), 1)
  t.ok((seen.get('aetherscale_vm_memory_bytes{vm="bbbbbbbb",name=""}') ?? 0) > 100_000)

  gate.open()
  await Promise.all(tasks)
  await queues.idle()
  await table.remove(busy)
  const after = await read()
  t.equal(after.get('aetherscale_vms{state="running"}'), 1)
  t.equal(after.get('aetherscale_queued_operations{state="running"}'), 0)
  t.equal(after.get('aetherscale_queued_operations{state="waiting"}'), 0)
  t.notOk([...after.keys()].some((sample) => sample.includes('aaaaaaaa')), 'nothing is told of a VM that is gone')
})

t.test('it is text as Prometheus reads it', async (t) => {
  const { contentType, text } = await createMetrics('1.2.3', createEventBus()).read()
  t.equal(contentType, 'text/plain; version=0.0.4; charset=utf-8')
  for (const line of text.split('\n').filter(Boolean)) {
    t.match(line, /^(# HELP aetherscale_\w+ \S.*|# TYPE aetherscale_\w+ (counter|gauge|histogram)|aetherscale_\w+(\{(\w+="[^"\\\n]*",?)*\})? [\d.+einf]+)$/i)
  }
  const { text: another } = await createMetrics('1.2.4', createEventBus()).read()
  t.notMatch(another, /1\.2\.3/, 'each daemon has numbers of its own')
})
