/** Requests over the socket: vm.get against a server that only parses and echoes, vm.list against vm.get. */
import { childrensFaults, startEcho, startHost } from './host.ts'
import { openLines, type Lines } from './lines.ts'
import { compare, time, type Row } from './measure.ts'

const get = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'vm.get', params: { vm: 'vm-100' } })
const list = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'vm.list', params: {} })

export async function benchSocket(): Promise<Row[]> {
  const hosts = [await startHost(200), await startHost(1000), await startHost(2000)] as const
  const [small, middle, large] = hosts
  const echo = await startEcho()
  const lines = await Promise.all([small.control, middle.control, large.control, echo.path].map(openLines))
  const [ours, half, whole, theirs] = lines
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
    // A list of 200 fits into a socket's buffer and one of 1,000 does not, so these two show how the time grows.
    const long = await compare(15, each(whole!, list, 20), each(half!, list, 20))
    rows.push({
      what: 'vm.list of 2,000, to twice that of 1,000',
      ours: `${long.ours.toFixed(2)} ms`,
      baseline: `${(long.baseline * 2).toFixed(2)} ms`,
      value: long.ratio / 2,
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
    for (const each of lines) each.close()
    await Promise.all([...hosts, echo].map((server) => server.stop()))
  }
}
