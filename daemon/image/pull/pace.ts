/** When a download is given up, or taken up again. */
import { Interruption } from './exchange.ts'

export interface Pace {
  /** A connection that brings less than {@link LEAST_BYTES} in this time has stalled. */
  readonly stallMs: number
  /** The first pause after an interruption; each further one is twice as long, up to sixteen times. */
  readonly pauseMs: number
  /** Interruptions in a row that are put up with, without {@link PROGRESS_BYTES} between them. */
  readonly tries: number
}

export const usualPace: Pace = { stallMs: 60_000, pauseMs: 1000, tries: 8 }

/** About 1 KiB a second: slower than any line that somebody would download an image over. */
const LEAST_BYTES = 65_536
/** A server that gives a few bytes each time is no progress. */
export const PROGRESS_BYTES = 65_536

export interface StallWatch {
  /** Aborted, with an Interruption, when too little has come for too long. */
  readonly signal: AbortSignal
  received(bytes: number): void
  close(): void
}

export function watchStalls(stallMs: number): StallWatch {
  const controller = new AbortController()
  let came = 0
  const timer = setInterval(() => {
    if (came < LEAST_BYTES) controller.abort(new Interruption(`only ${came} bytes came in ${stallMs / 1000} s`))
    came = 0
  }, stallMs)
  return {
    signal: controller.signal,
    received(bytes) {
      came += bytes
    },
    close() {
      clearInterval(timer)
    },
  }
}

export function pauseMs({ pauseMs: first }: Pace, failures: number): number {
  return first * 2 ** Math.min(failures - 1, 4)
}
