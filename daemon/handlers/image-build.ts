/** Handler of the building of images. */
import type { imageBuildMethods } from '../../policy/api/image-build.ts'
import { UserError } from '../../policy/errors.ts'
import { ImageName } from '../../policy/names.ts'
import { nameTaken } from '../image/claim.ts'
import { runBuilder, type BuilderPlace } from '../image/run-builder.ts'
import type { ImageStore } from '../image/store.ts'
import { createTurns } from '../network/turns.ts'
import type { Handlers } from '../rpc/handler.ts'

/** Of the whole work, as it takes its time. */
const BUILT_AT = 0.9

/** What is built goes the way of every image that is brought in: `importImage`, with its checks. */
export function imageBuildHandlers(
  images: ImageStore,
  place: BuilderPlace,
  importImage: Handlers['image.import'],
): Pick<Handlers, keyof typeof imageBuildMethods> {
  const inTurn = createTurns(1)
  let building = 0
  return {
    'image.build': async ({ kind, name = ImageName.parse(kind), suite }, context) => {
      if (suite !== undefined && kind !== 'debian') {
        throw new UserError('INVALID_PARAMS', `The image "${kind}" is of no release of its own`, { field: 'suite', hint: 'Leave the suite out' })
      }
      const { progress, signal } = context
      if (building > 0) progress('waiting for another build to end')
      building += 1
      try {
        return await inTurn(async () => {
          // Before the work rather than after it.
          if (await images.has(name)) throw nameTaken(name)
          return await runBuilder(place, { kind, suite }, {
            signal,
            onProgress: (message, fraction) => progress(message, fraction === undefined ? undefined : fraction * BUILT_AT),
            use: async (disk) =>
              await importImage({ path: disk, name, firstBoot: 'nocloud' }, {
                ...context,
                progress: (message, fraction = 0) => progress(message, BUILT_AT + fraction * (1 - BUILT_AT)),
              }),
          })
        })
      } finally {
        building -= 1
      }
    },
  }
}
