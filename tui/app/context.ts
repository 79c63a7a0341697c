/** What actions work with. */
import type { MethodName, ParamsInput, Result } from '../../policy/api/index.ts'
import type { Place } from '../cli/read-value.ts'
import type { CallOptions } from '../client.ts'
import type { State } from './model/state.ts'

/** The part of the world that is asked for when it is looked at. */
export type Resource = 'images' | 'catalogue' | 'networks' | 'vpns' | 'peers' | 'checks'

export interface Link {
  /**
   * Asks the daemon. Rejects with RpcError as the daemon answered, and with ConnectionError where it does not.
   */
  call<M extends MethodName>(method: M, params: ParamsInput<M>, options?: CallOptions): Promise<Result<M>>
  /** Has a part of the world asked for anew. */
  refresh(resource: Resource): void
}

export interface RunOptions {
  /** What it has printed stays until a key is pressed. */
  readonly waitForKey?: boolean | 'on-failure'
  /** All of its stdin; else that is the terminal. */
  readonly input?: string
}

/** The terminal beside the screen. */
export interface Terminal {
  /** Runs a command of aetherscale's with the whole terminal, and comes back when it has ended; answers its exit status. */
  run(argv: readonly string[], options?: RunOptions): Promise<number>
  /** Stops the program as ctrl-z does, until it is continued. */
  stop(): void
  redraw(): void
  leave(): void
}

export interface Context {
  get(): State
  change(step: (state: State) => State): void
  readonly link: Link
  readonly terminal: Terminal
  /** Where files are that a command names; `home` is what `~` stands for. */
  readonly place: Place & { readonly home: string }
  /**
   * Has the daemon do something: it is among the operations until it has answered, and then the notice says what came of
   * it. Answers the result, `undefined` where it failed.
   */
  operate<M extends MethodName>(method: M, params: ParamsInput<M>, about: { readonly label: string; readonly subject?: string; readonly done?: (result: Result<M>) => string; readonly failed?: (error: Error) => void }): Promise<Result<M> | undefined>
}
