/** The log of a door: one JSON object a line on stderr, as the daemon's. */
import { pino, type Logger } from 'pino'

/** What is kept of lines that cannot be written, in bytes. */
const UNWRITTEN = 1_048_576

/** `level`: LOG_LEVEL of the environment. A disk that is full, or a terminal that has gone, must not end the door. */
export function createLog(level: string | undefined): Logger {
  const stderr = pino.destination({ fd: 2, sync: true, maxLength: UNWRITTEN })
  stderr.on('error', () => undefined)
  return pino({ level: (level || 'info').toLowerCase(), base: null, timestamp: pino.stdTimeFunctions.isoTime }, stderr)
}
