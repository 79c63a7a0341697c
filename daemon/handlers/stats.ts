/** Handlers of what VMs use of their host. */
import { setTimeout as delay } from 'node:timers/promises'
import type { statsMethods } from '../../policy/api/stats.ts'
import type { Handlers } from '../rpc/handler.ts'
import type { Observer } from '../stats/look.ts'
import type { Entry, VmTable } from '../vm/table.ts'

export function statsHandlers(table: Pick<VmTable, 'find'>, observer: Observer): Pick<Handlers, keyof typeof statsMethods> {
  const choose = (vms: readonly string[] | undefined): Entry[] | undefined => vms?.map((ref, index) => table.find(ref, `vms.${index}`))

  return {
    'vm.stats': async ({ vms, overSeconds }, { signal }) => {
      const entries = choose(vms)
      const before = observer.look(entries)
      if (overSeconds === 0) return observer.compare(new Map(), before)
      // Where nobody waits for the answer any more, it only ends the request.
      await delay(overSeconds * 1000, undefined, { signal }).catch(() => undefined)
      return observer.compare(before, observer.look(entries))
    },
    'stats.subscribe': ({ vms, everySeconds }, { sample }) => {
      sample({ entries: choose(vms), everyMs: everySeconds * 1000 })
      return {}
    },
    'stats.unsubscribe': (_params, { sample }) => {
      sample(undefined)
      return {}
    },
  }
}
