/** What one client, and all of them, may make the door keep. */
import { LINE_LIMIT } from '../../policy/wire.ts'

export interface DoorLimits {
  /** Bytes of a body. */
  readonly bodyBytes: number
  /** How deep the JSON of a body may be. */
  readonly depth: number
  readonly headerBytes: number
  /** How long the headers, and then the whole request, may take to arrive. */
  readonly headersMs: number
  readonly requestMs: number
  /** How often that is looked at. */
  readonly checkMs: number
  /** How long a connection may be without a request. */
  readonly idleMs: number
  /** How long a client may take to read an answer. */
  readonly readMs: number
  /** Connections of clients; one more is answered 503. */
  readonly connections: number
  /** Requests of one connection that are not answered yet; one more ends the connection. */
  readonly pipelined: number
  /** Quick questions that the daemon is asked at a time: as many as it takes of a connection, less what is left for others. */
  readonly quick: number
  /** Connections to the daemon for what takes long; it has 512 for all its clients. */
  readonly long: number
  /** Streams at a time; each has a connection to the daemon as well. One more is answered 503. */
  readonly streams: number
  /** Requests that wait for one of these, streams excepted. */
  readonly waiting: number
  /** How long a quick question may take. */
  readonly answerMs: number
  /** Bytes that a stream's reader may leave unread. */
  readonly unreadBytes: number
  readonly heartbeatMs: number
  /** How long the end waits for requests in flight. */
  readonly shutdownMs: number
  /** How long after that those who are told that there will be no answer may take to read it. */
  readonly farewellMs: number
  /** Wrong tokens of an address that are answered before it has to wait, and how long for each more. */
  readonly wrongTokens: number
  readonly wrongTokenMs: number
}

export const doorLimits: DoorLimits = {
  bodyBytes: LINE_LIMIT,
  depth: 64,
  headerBytes: 16_384,
  headersMs: 10_000,
  requestMs: 30_000,
  checkMs: 1000,
  idleMs: 30_000,
  readMs: 60_000,
  connections: 4096,
  pipelined: 64,
  quick: 128,
  long: 128,
  streams: 128,
  waiting: 4096,
  answerMs: 120_000,
  unreadBytes: 1_048_576,
  heartbeatMs: 15_000,
  shutdownMs: 10_000,
  farewellMs: 500,
  wrongTokens: 10,
  wrongTokenMs: 6000,
}
