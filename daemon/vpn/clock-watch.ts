/**
 * Has tincd try again to reach hosts where the clock was set back, as after a boot by a clock that shows the local time: it
 * keeps by that clock when it is to try again, and would wait for as long as the clock was set back.
 */
import type { VpnTable } from './table.ts'
import type { Tunnels } from './tunnel.ts'

const EVERY_MS = 5000
/** As long as its tries are apart at the most, about: what is less needs no help. */
const LEAST_MS = 5000

interface Dependencies {
  readonly vpns: Pick<VpnTable, 'records'>
  readonly tunnels: Pick<Tunnels, 'retry'>
}

/** `now` tells the time of day in milliseconds. */
export function watchClock({ vpns, tunnels }: Dependencies, everyMs = EVERY_MS, now: () => number = Date.now): { close(): void } {
  const setAhead = (): number => now() - performance.now()
  let before = setAhead()
  const look = (): void => {
    const after = setAhead()
    if (after < before - LEAST_MS) for (const record of vpns.records()) tunnels.retry(record)
    before = after
  }
  const timer = setInterval(look, everyMs).unref()
  return {
    close() {
      clearInterval(timer)
    },
  }
}
