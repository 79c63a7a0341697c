/** A real HTTP server on loopback that gives files, and misbehaves as it is told. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** What is done instead of giving the file whole. */
export interface Mischief {
  /** The connection is cut after so many bytes of each answer. */
  readonly cutAfter?: number
  /** How many answers are cut; all where not said. */
  readonly cuts?: number
  /** Range is not known, and each answer begins at the beginning. */
  readonly noRange?: boolean
  /** Ranges are given without ETag and Last-Modified. */
  readonly noValidator?: boolean
  /** Announced instead of the length that it has. */
  readonly length?: number
  /** No length is announced. */
  readonly chunked?: boolean
  /** After so many bytes nothing more comes, and the connection stays. */
  readonly stallAfter?: number
  /** 64 KiB come each so many milliseconds. */
  readonly pieceMs?: number
  readonly status?: number
  readonly redirectTo?: string
}

export interface FileServer {
  readonly url: string
  /** Method, path and range of each request. */
  readonly requests: { readonly path: string; readonly range: string | undefined; readonly ifRange: string | undefined }[]
  give(path: string, body: Buffer, mischief?: Mischief): string
  /** The file and its digest beside it, as `PATH.sha256`. */
  giveWithDigest(path: string, body: Buffer, mischief?: Mischief): string
}

interface Teardown {
  teardown(clean: () => unknown): void
}

interface Offer {
  readonly body: Buffer
  readonly mischief: Mischief
  cutsLeft: number
}

export async function startFileServer(t: Teardown): Promise<FileServer> {
  const offers = new Map<string, Offer>()
  const requests: FileServer['requests'] = []
  const server = createServer((request, response) => {
    requests.push({ path: request.url ?? '', range: request.headers.range, ifRange: request.headers['if-range'] as string | undefined })
    const offer = offers.get(request.url ?? '')
    if (offer) answer(request, response, offer)
    else response.writeHead(404).end('not here')
  })
  // A body that is longer or shorter than announced is what it is here for.
  server.on('clientError', (_error, socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const give = (path: string, body: Buffer, mischief: Mischief = {}): string => {
    offers.set(path, { body, mischief, cutsLeft: mischief.cuts ?? Infinity })
    return url + path
  }
  return {
    url,
    requests,
    give,
    giveWithDigest(path, body, mischief) {
      const hex = createHash('sha256').update(body).digest('hex')
      give(`${path}.sha256`, Buffer.from(`${hex}  ${path.split('/').at(-1) ?? ''}\n`))
      return give(path, body, mischief)
    },
  }
}

function answer(request: IncomingMessage, response: ServerResponse, offer: Offer): void {
  const { body, mischief } = offer
  if (mischief.redirectTo !== undefined) return void response.writeHead(302, { location: mischief.redirectTo }).end()
  if (mischief.status !== undefined) return void response.writeHead(mischief.status).end()
  const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`
  const validator = mischief.noValidator ? {} : { etag }
  const ifRange = request.headers['if-range']
  const range = mischief.noRange || (ifRange !== undefined && ifRange !== etag) ? null : /^bytes=(\d+)-$/.exec(request.headers.range ?? '')
  const from = Number(range?.[1] ?? 0)
  if (from > 0 && from >= body.length) return void response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end()
  const part = body.subarray(from)
  response.writeHead(from > 0 ? 206 : 200, {
    ...validator,
    ...(from > 0 && { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` }),
    ...(!mischief.chunked && { 'content-length': mischief.length ?? part.length }),
  })
  const { cutAfter, stallAfter } = mischief
  if (cutAfter !== undefined && offer.cutsLeft > 0) {
    offer.cutsLeft--
    response.write(part.subarray(0, cutAfter), () => response.destroy())
  } else if (mischief.pieceMs !== undefined) void drip(response, part, mischief.pieceMs)
  else if (stallAfter !== undefined) response.write(part.subarray(0, stallAfter))
  else if (mischief.length !== undefined) response.write(part, () => setTimeout(() => response.destroy(), 50))
  else response.end(part)
}

async function drip(response: ServerResponse, part: Buffer, pieceMs: number): Promise<void> {
  for (let at = 0; at < part.length && !response.destroyed; at += 65_536) {
    response.write(part.subarray(at, at + 65_536))
    await delay(pieceMs)
  }
  response.end()
}
