/** The log of a door: one JSON object a line on stderr, as the daemon's. */
import { pino, type Logger } from 'pino'

/** `level`: LOG_LEVEL of the environment. */
export function createLog(level: string | undefined): Logger {
  return pino({ level: (level || 'info').toLowerCase(), base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }))
}
