/** The daemon's log: one JSON object a line on stderr, which systemd's journal or a file takes. */
import { pino, type DestinationStream, type Logger } from 'pino'

export type { Logger }

/** Levels as pino has them, and `LOG_LEVEL` names of the first program in either case. */
export function createLog(level: string, destination: DestinationStream = pino.destination({ fd: 2, sync: true })): Logger {
  return pino({ level: level.toLowerCase(), base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
}
