/** The daemon's log: one JSON object a line on stderr, which systemd's journal or a file takes. */
import { pino, type DestinationStream, type Logger } from 'pino'

export type { Logger }

/** What is kept of lines that cannot be written, in bytes. */
const UNWRITTEN = 1_048_576

/** Levels as pino has them, and `LOG_LEVEL` names of the first program in either case. */
export function createLog(level: string, destination: DestinationStream = openStderr()): Logger {
  return pino({ level: level.toLowerCase(), base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
}

/** A disk that is full, or a terminal that has gone, must not end the daemon. */
function openStderr(): DestinationStream {
  return pino.destination({ fd: 2, sync: true, maxLength: UNWRITTEN }).on('error', () => undefined)
}
