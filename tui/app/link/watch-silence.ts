/** Learns that a daemon has fallen silent: one that hangs, or is stopped, keeps its connections, and nothing that is shown would change any more. */

/** Milliseconds between two questions; a silence is known of after one to two of them. */
const EVERY = 5000

/** `ask` is any question that is answered at once. `tell` is called when it turns out otherwise, and when it is answered after all. The answer ends it. */
export function watchSilence(ask: () => Promise<unknown>, tell: (isSilent: boolean) => void): () => void {
  let isAsking = false
  let isSilent = false
  const say = (now: boolean): void => {
    if (now !== isSilent) tell(now)
    isSilent = now
  }
  const look = (): void => {
    if (isAsking) return say(true)
    isAsking = true
    ask().then(
      () => {
        isAsking = false
        say(false)
      },
      // The connection has ended, which is told by itself.
      () => undefined,
    )
  }
  const timer = setInterval(look, EVERY)
  return () => clearInterval(timer)
}
