/**
 * One delivery of a request at a time: a claim is this host's for all of them, and one that failed drops it. If another worked
 * under it meanwhile, a third host could claim the request, and both make the VM.
 */
export class ByRequest {
  /** The end of the last delivery of each request that is worked at. */
  readonly #last = new Map<string, Promise<void>>()

  async run(id: string, work: () => Promise<void>): Promise<void> {
    const mine = (this.#last.get(id) ?? Promise.resolve()).then(work)
    const end = mine.catch(() => undefined)
    this.#last.set(id, end)
    try {
      await mine
    } finally {
      if (this.#last.get(id) === end) this.#last.delete(id)
    }
  }
}
