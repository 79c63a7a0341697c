/** Requests over the socket: vm.get against a server that only parses and echoes, vm.list against vm.get. */
import { childrensFaults, startEcho, startHost } from './host.ts'
import { openLines, type Lines } from './lines.ts'
import { compare, time, type Row } from './measure.ts'

const get = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'vm.get', params: { vm: 'vm-100' } })
const list = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'vm.list', params: {} })

export async function benchSocket(): Promise<Row[]> {
  const [small, large, echo] = [await startHost(200), await startHost(2000), await startEcho()]
  const [ours, many, theirs] = await Promise.all([small.control, large.control, echo.path].map(openLines))
  try {
    const rows: Row[] = []
    for (const [inFlight, count] of [[1, 3000], [100, 20_000]] as const) {
      const rate = (lines: Lines) => async (): Promise<number> => count / (await time(() => lines.exchange(get, count, inFlight)))
      const { ours: a, baseline: b, ratio } = await compare(9, rate(ours!), rate(theirs!))
      rows.push({
        what: `vm.get, ${inFlight === 1 ? 'one by one' : '100 in flight'}, to a bare JSON echo`,
        ours: `${Math.round(a * 1000)}/s`,
        baseline: `${Math.round(b * 1000)}/s`,
        value: ratio,
        unit: '×',
        target: { atLeast: 0.6 },
      })
    }
    const each = (lines: Lines, request: string, count: number) => async (): Promise<number> =>
      (await time(() => lines.exchange(request, count, 1))) / count
    const before = childrensFaults(small.pid)
    const short = await compare(9, each(ours!, list, 100), each(ours!, get, 1000))
    rows.push({
      what: 'vm.list of 200, in round trips of a vm.get',
      ours: `${short.ours.toFixed(3)} ms`,
      baseline: `${short.baseline.toFixed(3)} ms`,
      value: short.ratio,
      unit: '×',
      target: { atMost: 3 },
    })
    const long = await compare(9, each(many!, list, 20), each(ours!, list, 100))
    rows.push({
      what: 'vm.list of 2,000, to ten times that of 200',
      ours: `${long.ours.toFixed(2)} ms`,
      baseline: `${(long.baseline * 10).toFixed(2)} ms`,
      value: long.ratio / 10,
      unit: '×',
      target: { atMost: 1.3 },
    })
    rows.push({
      what: 'page faults of processes that these lists started',
      ours: String(childrensFaults(small.pid) - before),
      baseline: '',
      value: childrensFaults(small.pid) - before,
      unit: '',
      target: { atMost: 0 },
    })
    return rows
  } finally {
    for (const lines of [ours, many, theirs]) lines?.close()
    await Promise.all([small.stop(), large.stop(), echo.stop()])
  }
}
