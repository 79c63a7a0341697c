/** Pulls that are under way, by the name of the image, so that one can be given up. */
import { UserError } from '../../../policy/errors.ts'
import type { ImageName } from '../../../policy/names.ts'

export interface UnderWay {
  /** Runs the pull that has claimed the name; its signal is aborted, with a UserError, when it is given up. */
  run<T>(name: ImageName, pull: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** Gives it up, and waits for its end, whatever that is; `false` where none is under way. */
  giveUp(name: ImageName): Promise<boolean>
}

export function createUnderWay(): UnderWay {
  const pulls = new Map<ImageName, { readonly controller: AbortController; readonly ended: Promise<unknown> }>()
  return {
    async run(name, pull) {
      const controller = new AbortController()
      const result = pull(controller.signal)
      pulls.set(name, { controller, ended: result.catch(() => undefined) })
      try {
        return await result
      } finally {
        pulls.delete(name)
      }
    },
    async giveUp(name) {
      const pull = pulls.get(name)
      if (!pull) return false
      pull.controller.abort(new UserError('IMAGE_PULL_STOPPED', `The pull of "${name}" was given up by image.delete`))
      await pull.ended
      return true
    },
  }
}
