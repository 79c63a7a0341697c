/** Telling whoever asked how far it is. */

/** `fraction` is 0 to 1. */
export type Report = (message: string, fraction?: number) => void

const EVERY_MS = 200

/** Tells each new message at once, and the same one now and then: a file of gigabytes comes in a hundred thousand pieces. */
export function atIntervals(report: Report): Report {
  let told = ''
  let toldAt = 0
  return (message, fraction) => {
    const now = performance.now()
    if (message === told && now - toldAt < EVERY_MS) return
    told = message
    toldAt = now
    report(message, fraction)
  }
}
