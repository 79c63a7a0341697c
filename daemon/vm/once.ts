/**
 * A VM a request: whoever asks again by the same id, because no answer came or a message was delivered twice, gets the VM that
 * the first one has made or is making. The id stands in the VM's record, so that it outlives this daemon.
 *
 * Invariant: of the creations by one id at most one is under way, and it begins only once nothing is left of an earlier one.
 */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { methods, type Params } from '../../policy/api/index.ts'
import { UserError } from '../../policy/errors.ts'
import type { Report } from './dependencies.ts'
import type { CreateRequest } from './record.ts'
import type { Entry, VmTable } from './table.ts'

interface UnderWay {
  readonly request: CreateRequest
  readonly made: Promise<Entry>
  /** Of all who wait for it. */
  readonly reports: Report[]
  /** What they were told last. */
  news: Parameters<Report> | undefined
}

/**
 * Answers the VM of this request, or has `make` make one. Throws what that throws, to all who wait for it; VM_REQUEST_REUSED,
 * VM_RECORD_BROKEN.
 */
export type CreateOnce = (request: CreateRequest, report: Report, make: (report: Report) => Promise<Entry>) => Promise<Entry>

/** `undo` waits for its turn and then removes what is left of a VM that did not come to be, if anything is. */
export function createOnce(table: Pick<VmTable, 'findRequest'>, undo: (entry: Entry) => Promise<void>): CreateOnce {
  const underWay = new Map<string, UnderWay>()

  const begin: CreateOnce = async (request, report, make) => {
    // An earlier daemon may have begun one, and this one be at undoing it.
    for (let found = table.findRequest(request.id); found; found = table.findRequest(request.id)) {
      if (found.record.phase === 'ready') {
        requireSame(found.record.request, request)
        return found
      }
      await undo(found)
    }
    return await make(report)
  }

  return async (request, report, make) => {
    const known = underWay.get(request.id)
    if (known) {
      requireSame(known.request, request)
      known.reports.push(report)
      if (known.news) report(...known.news)
      return await known.made
    }
    const tellAll: Report = (...news) => {
      one.news = news
      for (const tell of one.reports) tell(...news)
    }
    const made = Promise.resolve()
      .then(() => begin(request, tellAll, make))
      .finally(() => underWay.delete(request.id))
    const one: UnderWay = { request, made, reports: [report], news: undefined }
    underWay.set(request.id, one)
    return await made
  }
}

/** PURE: what tells one request from another by the same id. What is not said and what is said to be as usual are the same. */
export function describeRequest(id: string, { requestId: _id, ...params }: Params<'vm.create'>): CreateRequest {
  const usual: Readonly<Record<string, unknown>> = methods['vm.create'].params.parse({ image: params.image })
  const said = Object.entries(params).filter(([key, value]) => key === 'image' || !isDeepStrictEqual(value, usual[key]))
  return { id, digest: createHash('sha256').update(JSON.stringify(said.sort(([one], [other]) => (one < other ? -1 : 1)))).digest('hex') }
}

function requireSame(known: CreateRequest | undefined, { id, digest }: CreateRequest): void {
  if (known?.digest === digest) return
  throw new UserError('VM_REQUEST_REUSED', `A request with the id ${JSON.stringify(id)} and other params came before`, {
    field: 'requestId',
    hint: 'A request that is sent again has to be the same in everything; another one has an id of its own',
  })
}
