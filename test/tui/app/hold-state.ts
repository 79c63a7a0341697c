/** A context for keys that need no daemon: a state that is changed, a daemon that never answers, a terminal that notes what it is lent for. */
import type { Context } from '../../../tui/app/context.ts'
import { readFileNow } from '../../../tui/app/files/read-file.ts'
import { createOperate } from '../../../tui/app/link/operate.ts'
import { createStore } from '../../../tui/app/model/store.ts'
import type { State } from '../../../tui/app/model/state.ts'

export interface Held extends Context {
  /** What was asked of the daemon, and which commands the terminal was lent to. */
  readonly asked: { readonly method: string; readonly params: unknown }[]
  readonly ran: { readonly argv: readonly string[]; readonly waitForKey: boolean | 'on-failure' }[]
  readonly left: () => boolean
}

/** `answers` by method: a result, or a function of the params, which may throw. */
export function holdState(state: State, answers: Readonly<Record<string, unknown>> = {}): Held {
  const store = createStore(state)
  const asked: Held['asked'] = []
  const ran: Held['ran'] = []
  let left = false
  const link: Context['link'] = {
    async call(method, params) {
      asked.push({ method, params })
      if (!(method in answers)) return await new Promise(() => {})
      const answer = answers[method]
      return (typeof answer === 'function' ? (answer as (params: unknown) => unknown)(params) : answer) as never
    },
    refresh: (resource) => void asked.push({ method: `refresh ${resource}`, params: {} }),
  }
  return {
    asked,
    ran,
    left: () => left,
    get: store.get,
    change: store.change,
    link,
    operate: createOperate(link, store),
    place: { cwd: () => '/nonexistent', home: '/home/ann', readFile: readFileNow },
    terminal: {
      run: async (argv, { waitForKey = false } = {}) => (ran.push({ argv, waitForKey }), 0),
      stop: () => {},
      redraw: () => {},
      leave: () => (left = true),
    },
  }
}
