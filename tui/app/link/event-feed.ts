/** What happens, as the daemon tells it: into the world, and what the event does not tell itself asked for. */
import type { Event } from '../../../policy/api/events.ts'
import type { Vm } from '../../../policy/api/vm.ts'
import { RpcError } from '../../client.ts'
import type { Link } from '../context.ts'
import { withEvent, withNews, withoutVm, withVms, type World } from '../model/world.ts'
import type { Resources } from './resources.ts'

/** Milliseconds that changes of VMs are gathered before they are asked for. */
const GATHER = 100
/** From so many on, the whole list is one answer rather than that many. */
const WHOLE_LIST = 100

export interface EventFeed {
  /** A new connection: what is told of the past is passed over where it is among these, until all of that has come. */
  resume(known: readonly Event[]): void
  caughtUp(): void
  take(event: Event): void
}

export function createEventFeed(link: Link, changeWorld: (step: (world: World) => World) => void, resources: Resources): EventFeed {
  const changed = new Set<string>()
  let known: ReadonlySet<string> = new Set()
  let timer: NodeJS.Timeout | undefined

  /** The VM, its id where there is none any more, or nothing where that could not be told. */
  const ask = async (id: string): Promise<Vm | string | undefined> =>
    await link.call('vm.get', { vm: id }).catch((error: unknown) => (error instanceof RpcError && error.name === 'VM_NOT_FOUND' ? id : undefined))

  /** A connection that breaks meanwhile brings the whole list when it is back. */
  const look = (): void => {
    timer = undefined
    const ids = [...changed]
    changed.clear()
    if (ids.length > WHOLE_LIST) {
      link.call('vm.list', {}).then(({ vms }) => changeWorld((world) => withVms(world, vms)), () => undefined)
      return
    }
    void Promise.all(ids.map(ask)).then((answers) => {
      const found = answers.filter((answer) => typeof answer === 'object')
      const gone = answers.filter((answer) => typeof answer === 'string')
      changeWorld((world) => gone.reduce(withoutVm, withNews(world, found)))
    })
  }

  return {
    resume: (events) => (known = new Set(events.map((event) => JSON.stringify(event)))),
    caughtUp: () => (known = new Set()),
    take(event) {
      if (known.size > 0 && known.has(JSON.stringify(event))) return
      changeWorld((world) => withEvent(world, event))
      resources.heard(event.kind)
      if (!('vm' in event)) return
      // Also one that is deleted: an answer that was on its way when that was told still has it.
      changed.add(event.vm)
      timer ??= setTimeout(look, GATHER)
    },
  }
}
