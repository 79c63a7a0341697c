/** What one client may make the daemon keep for it. */
export interface Limits {
  /** Requests of a connection that are not answered yet; a batch counts as a full one. More are not read. */
  readonly inFlight: number
  /**
   * Unsent bytes from which on no further request is read, and with which a notification finds its reader too slow.
   * Answers to what is in flight may take eight times that: who reads, only less fast than it asked, loses nothing.
   */
  readonly unsentBytes: number
  /** How long a client that takes nothing of what is over the limit is borne, and a closing connection not closed. */
  readonly graceMs: number
  /** How often a connection from which nothing is read is asked whether its client is still there. */
  readonly hangUpCheckMs: number
  /** Connections of one socket. */
  readonly connections: number
  /** How long `close` waits for the answers of requests in flight. */
  readonly shutdownMs: number
}

export const defaultLimits: Limits = {
  inFlight: 256,
  unsentBytes: 4 * 1024 * 1024,
  graceMs: 10_000,
  hangUpCheckMs: 1000,
  connections: 512,
  shutdownMs: 5000,
}
